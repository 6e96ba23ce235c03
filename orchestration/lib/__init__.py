"""What the definitions and the command line are made of; nothing here defines an asset."""
