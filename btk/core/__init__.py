"""The ground floor: pure decisions of the tick core. No I/O, no clock, no randomness."""
