// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s
