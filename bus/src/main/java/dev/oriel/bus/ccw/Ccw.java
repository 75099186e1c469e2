package dev.oriel.bus.ccw;

/**
 * Layout of a channel-command word of format 1, big endian, and the commands of a virtio control unit (virtio 1.4,
 * section 4.3.1.1).
 *
 * <pre>
 *   0         1       2       4              8
 *   | command | flags | count | data address |
 * </pre>
 */
final class Ccw {
    static final int SIZE = 8;

    static final int COMMAND = 0;
    static final int FLAGS = 1;
    static final int COUNT = 2;
    static final int DATA_ADDRESS = 4;

    static final int CHAIN_DATA = 0x80;
    static final int CHAIN_COMMAND = 0x40;
    static final int SUPPRESS_LENGTH_INDICATION = 0x20;
    static final int SKIP = 0x10;
    static final int PROGRAM_CONTROLLED_INTERRUPTION = 0x08;
    static final int INDIRECT_DATA = 0x04;
    static final int SUSPEND = 0x02;
    static final int MODIFIED_INDIRECT_DATA = 0x01;

    static final int NO_OPERATION = 0x03;
    static final int BASIC_SENSE = 0x04;
    static final int TRANSFER_IN_CHANNEL = 0x08;
    static final int SENSE_ID = 0xe4;

    static final int SET_VQ = 0x13;
    static final int VDEV_RESET = 0x33;
    static final int SET_IND = 0x43;
    static final int SET_CONF_IND = 0x53;
    static final int SET_IND_ADAPTER = 0x73;
    static final int READ_FEAT = 0x12;
    static final int WRITE_FEAT = 0x11;
    static final int READ_CONF = 0x22;
    static final int WRITE_CONF = 0x21;
    static final int WRITE_STATUS = 0x31;
    static final int READ_VQ_CONF = 0x32;
    static final int SET_VIRTIO_REV = 0x83;
    static final int READ_STATUS = 0x72;

    /** Of revision 3, which is proposed in docs/ccw-shared-memory.md. */
    static final int READ_SHM = 0x42;

    static final int CONTROL_UNIT_TYPE = 0x3832;

    /** Lengths of payloads. */
    static final int SET_VQ_SIZE = 32;

    static final int INDICATOR_ADDRESS_SIZE = 8;
    static final int SET_IND_ADAPTER_SIZE = 25;
    static final int FEATURE_SIZE = 5;
    static final int VQ_CONF_SIZE = 4;
    static final int REVISION_SIZE = 4;
    static final int SHM_SIZE = 24;
    static final int SENSE_ID_SIZE = 256;
    static final int SENSE_ID_MIN_SIZE = 7;

    /** The address and the length of a shared memory region that does not exist. */
    static final long NO_REGION = -1;

    /** CCWs and their data have addresses of 31 bits. */
    static final long ADDRESS_END = 1L << 31;

    private Ccw() {}
}
