package dev.oriel.bus.ccw;

/**
 * Layout of the interruption-response block, big endian: what TEST SUBCHANNEL stores.
 *
 * <pre>
 *   SCSW                                          12       16                  32          64
 *   +---------+---------------------+--------------+--------+-----+------------+-----------+--------
 *   | control | CCW address, behind | dev 1, sch 1 | logout | ERW | ...        | sense     | ...
 *   |         | the last one        | residual 2   |        |     |            | data      |
 *   0         4                     8              12       16    20           32          64       96
 * </pre>
 */
final class Irb {
    static final int SIZE = 96;

    static final int CONTROL = 0;
    static final int CCW_ADDRESS = 4;
    static final int STATUS = 8;
    static final int EXTENDED_REPORT = 16;
    static final int SENSE = 32;
    static final int SENSE_SIZE = 32;

    /** In CONTROL: the extended-control word (here: sense data) is there. */
    static final int EXTENDED_CONTROL = 1 << 17;

    static final int FUNCTION_START = 1 << 14;
    static final int START_PENDING = 1 << 10;
    static final int SUBCHANNEL_ACTIVE = 1 << 7;
    static final int ALERT = 0x10;
    static final int PRIMARY = 0x04;
    static final int SECONDARY = 0x02;
    static final int STATUS_PENDING = 0x01;
    static final int STATUS_CONTROL = 0x1f;

    /** In EXTENDED_REPORT: concurrent sense, and how many bytes. */
    static final int CONCURRENT_SENSE = 1 << 24;

    static final int SENSE_COUNT_SHIFT = 16;

    /** Device status. */
    static final int CHANNEL_END = 0x08;

    static final int DEVICE_END = 0x04;
    static final int UNIT_CHECK = 0x02;

    /** Subchannel status. */
    static final int INCORRECT_LENGTH = 0x40;

    static final int PROGRAM_CHECK = 0x20;
    static final int INTERFACE_CONTROL_CHECK = 0x02;

    /** The first byte of sense data. */
    static final int COMMAND_REJECT = 0x80;

    private Irb() {}
}
