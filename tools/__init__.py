"""The command-line programs: `phintys` (run, demo, bench, doctor) and `phintys-opt`.

In: command lines. Out: text, tables, and the files a command was asked for. Open `main.py` first: it lists the
subcommands, each of which is a file of its own with an `add_arguments` and a `main`.
"""
