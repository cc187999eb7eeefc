"""What `docker build` runs inside the base image: Python's own library only, each file by itself."""
