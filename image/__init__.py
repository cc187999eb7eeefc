"""Scripts that `docker build` runs inside the base image. Each is one file and needs only the standard library."""
