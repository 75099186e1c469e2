package dev.oriel.bus.ccw;

/** Layout of the operation-request block, big endian: what START SUBCHANNEL starts. */
final class Orb {
    static final int SIZE = 12;

    static final int INTERRUPTION_PARAMETER = 0;
    static final int FLAGS = 4;
    static final int CHANNEL_PROGRAM = 8;

    /** In FLAGS: CCWs have format 1. */
    static final int FORMAT_1 = 1 << 23;

    /** In FLAGS: the path to use, of which virtual devices have one. */
    static final int PATH = 0x80 << 8;

    private Orb() {}
}
