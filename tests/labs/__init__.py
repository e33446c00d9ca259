"""Test devices: a board over ssh, a phone over adb, emulated boards."""
