"""Assets, checks, schedules and sensors, one module per subject; each builds its definitions from `Settings`."""
