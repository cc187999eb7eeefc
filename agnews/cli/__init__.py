"""The `agnews` command, which is not part of the image.

`main` runs it and `arguments` describes it. Each subcommand is a module: `classify`, `info`, `serve` (with `local/`),
`bulk/command` and `evaluation/command`.
"""
