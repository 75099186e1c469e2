package dev.oriel.device.statistics;

/**
 * What is in the DAX window of a client.
 *
 * @param length of the window, bytes
 * @param mappings ranges of files in it
 * @param mapped bytes of all of them
 * @param staged those of them that are copies, not the files' own pages
 */
public record WindowFigures(long length, int mappings, long mapped, long staged) {}
