package dev.oriel.bus.ccw;

/**
 * Layout of the subchannel-information block, big endian, as far as it is used here.
 *
 * <pre>
 *   path-management-control word                            28            40              52
 *   +---------------+------------------------+- ... -+--------+-------------+---------------+
 *   | interruption  | flags, ISC, device     |       | flags  | SCSW        | model-        |
 *   | parameter     | number                 |       |        |             | dependent     |
 *   0               4                        8       24       28            40              52
 * </pre>
 */
final class Schib {
    static final int SIZE = 52;

    static final int INTERRUPTION_PARAMETER = 0;
    static final int FLAGS = 4;
    static final int PATHS = 8;
    static final int CHPIDS = 16;
    static final int FLAGS_2 = 24;
    static final int SCSW = 28;

    /** In FLAGS: the interruption subclass. */
    static final int ISC_SHIFT = 27;

    static final int ISC_MASK = 7 << ISC_SHIFT;
    static final int ENABLED = 1 << 23;
    static final int DEVICE_NUMBER_VALID = 1 << 16;
    static final int DEVICE_NUMBER_MASK = 0xffff;

    /** In FLAGS_2: sense data come with the status of the program that they are about. */
    static final int CONCURRENT_SENSE = 1;

    private Schib() {}
}
