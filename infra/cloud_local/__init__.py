"""Production's shape on one machine: a process per function, Google's emulators between them."""
