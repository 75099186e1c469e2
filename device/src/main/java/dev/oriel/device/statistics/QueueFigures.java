package dev.oriel.device.statistics;

/**
 * What one queue does.
 *
 * @param index 0 for hiprio
 * @param inFlight chains that are taken and not completed, now
 * @param looksThatFound how often its thread looked at the ring before it would have slept, and found something
 * @param looksInVain how often it looked and slept after all
 */
public record QueueFigures(int index, int inFlight, long looksThatFound, long looksInVain) {}
