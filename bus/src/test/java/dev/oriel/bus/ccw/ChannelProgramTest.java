package dev.oriel.bus.ccw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.oriel.bus.DeviceStatus;
import dev.oriel.bus.MachineMemory;
import dev.oriel.linux.LinuxException;
import dev.oriel.virtio.memory.DriverMemory;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import dev.oriel.virtio.testing.EchoDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The control unit and the channel by themselves: every rule about commands, counts, addresses and revisions. */
@Timeout(60)
class ChannelProgramTest {
    private static final ValueLayout.OfInt BE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort BE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong BE_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt LE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int SUBCHANNEL = IoInstructions.SUBCHANNEL_0;
    private static final int GOOD = (Irb.CHANNEL_END | Irb.DEVICE_END) << 24;
    private static final int REJECTED = Irb.UNIT_CHECK << 24;
    private static final int CHECKED = Irb.PROGRAM_CHECK << 16;
    private static final int DATA = 2048;

    private final EchoDevice echo = new EchoDevice(3);
    private final ChannelSubsystem subsystem = new ChannelSubsystem();
    private final MemorySegment irb = MemorySegment.ofArray(new byte[Irb.SIZE]);
    private MachineMemory memory;
    private DriverMemory program;
    private MemorySegment data;
    private CcwDevice device;
    private long regionAddress;
    private int ccws;

    @BeforeEach
    void open() throws LinuxException {
        memory = MachineMemory.create(1 << 20);
        SharedMemoryWindow window = SharedMemoryWindow.reserve(EchoDevice.REGION_LENGTH);
        regionAddress = memory.addSlot(window);
        program = memory.allocate(8192);
        data = program.segment().asSlice(DATA, 1024);
        device = new CcwDevice("device", echo, memory.table(), 64, window, regionAddress);
        subsystem.add(device, 0x1234);
        enable(true);
    }

    @AfterEach
    void close() {
        device.close();
        program.close();
        memory.close();
    }

    private void enable(boolean enabled) {
        MemorySegment schib = MemorySegment.ofArray(new byte[Schib.SIZE]);
        assertThat(subsystem.storeSubchannel(SUBCHANNEL, schib)).isZero();
        schib.set(BE_INT, Schib.FLAGS, enabled ? Schib.ENABLED : 0);
        schib.set(BE_INT, Schib.FLAGS_2, Schib.CONCURRENT_SENSE);
        assertThat(subsystem.modifySubchannel(SUBCHANNEL, schib)).isZero();
    }

    private ChannelProgramTest ccw(int command, int flags, int count, long address) {
        MemorySegment ccw = program.segment().asSlice((long) ccws++ * Ccw.SIZE, Ccw.SIZE);
        ccw.set(ValueLayout.JAVA_BYTE, Ccw.COMMAND, (byte) command);
        ccw.set(ValueLayout.JAVA_BYTE, Ccw.FLAGS, (byte) flags);
        ccw.set(BE_SHORT, Ccw.COUNT, (short) count);
        ccw.set(BE_INT, Ccw.DATA_ADDRESS, (int) address);
        return this;
    }

    private ChannelProgramTest ccw(int command, int flags, int count) {
        return ccw(command, flags, count, program.guestAddress(DATA));
    }

    private int execute(int command, int count) {
        return execute(command, 0, count);
    }

    private int execute(int command, int flags, int count) {
        return ccw(command, flags, count).start();
    }

    /** Runs what was written; answers device status, subchannel status and residual count. */
    private int start() {
        ccws = 0;
        return start(program.guestAddress(0), Orb.FORMAT_1);
    }

    private int start(long address, int flags) {
        MemorySegment orb = MemorySegment.ofArray(new byte[Orb.SIZE]);
        orb.set(BE_INT, Orb.FLAGS, flags);
        orb.set(BE_INT, Orb.CHANNEL_PROGRAM, (int) address);
        assertThat(subsystem.startSubchannel(SUBCHANNEL, orb)).isZero();
        assertThat(subsystem.startSubchannel(SUBCHANNEL, orb)).isEqualTo(IoInstructions.STATUS_PENDING);
        assertThat(subsystem.testSubchannel(SUBCHANNEL, irb)).isZero();
        return irb.get(BE_INT, Irb.STATUS);
    }

    @Test
    void aProgramThatFailsLeavesTheSubchannelUsable() {
        assertThat(revision(2)).isEqualTo(GOOD);
        echo.resetFails = true;
        assertThat(execute(Ccw.VDEV_RESET, 0)).isEqualTo(Irb.INTERFACE_CONTROL_CHECK << 16);
        echo.resetFails = false;
        assertThat(execute(Ccw.VDEV_RESET, 0)).isEqualTo(GOOD);
        enable(false);
        enable(true);
    }

    @Test
    void aSubchannelThatHasADriverIsLeftToItAndTheNextIsFound() throws IOException {
        enable(false);
        EchoDevice second = new EchoDevice(1);
        try (CcwDevice other = new CcwDevice("other", second, memory.table(), 64, null, 0)) {
            subsystem.add(other, 0x1235);
            try (CcwTransport first = probe()) {
                try (CcwTransport next = probe()) {
                    assertThat(next.maxQueues()).isEqualTo(1);
                    assertThatExceptionOfType(IOException.class)
                            .isThrownBy(this::probe)
                            .withMessageContaining("free subchannel");
                }
                assertThat(first.status()).isNotZero();
            }
        }
    }

    @Test
    void whatTheConfigurationDoesNotHaveReadsAsZeros() throws IOException {
        enable(false);
        try (CcwTransport transport = probe()) {
            byte[] bytes = transport.config(EchoDevice.CONFIG_SIZE - 1, 3).orElseThrow();
            assertThat(bytes).containsExactly(EchoDevice.CONFIG_SIZE, 0, 0);
        }
    }

    private CcwTransport probe() throws IOException {
        return CcwTransport.probe(
                memory, subsystem, echo.deviceId(), CcwTransport.Notifications.ADAPTER, CcwTransport.REVISION_MAX, 0);
    }

    private int revision(int number) {
        data.set(BE_SHORT, 0, (short) number);
        data.set(BE_SHORT, 2, (short) 0);
        return execute(Ccw.SET_VIRTIO_REV, 4);
    }

    @Test
    void theControlUnitSaysWhatItIs() {
        assertThat(execute(Ccw.SENSE_ID, Ccw.SUPPRESS_LENGTH_INDICATION, 256)).isEqualTo(GOOD);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 0xff);
        assertThat(data.get(BE_SHORT, 1)).isEqualTo((short) 0x3832);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 3)).isEqualTo((byte) echo.deviceId());
    }

    @Test
    void withoutARevisionOnlyBasicCommandsAreKnown() {
        assertThat(execute(Ccw.READ_FEAT, 5)).isEqualTo(REJECTED | 5);
        assertThat(execute(Ccw.VDEV_RESET, 0)).isEqualTo(REJECTED);
        assertThat(execute(Ccw.NO_OPERATION, 0)).isEqualTo(GOOD);
    }

    @Test
    void revisionsThatAreNotSupportedAreRejected() {
        for (int revision : new int[] {0, 4, 0xffff}) {
            assertThat(revision(revision)).as("revision %d", revision).isEqualTo(REJECTED);
        }
        data.set(BE_SHORT, 0, (short) 2);
        data.set(BE_SHORT, 2, (short) 1);
        assertThat(execute(Ccw.SET_VIRTIO_REV, 4)).isEqualTo(REJECTED);
        assertThat(revision(2)).isEqualTo(GOOD);
    }

    @Test
    void aRevisionIsSetOnceUntilTheSubchannelIsEnabledAgain() {
        assertThat(revision(1)).isEqualTo(GOOD);
        assertThat(revision(2)).isEqualTo(REJECTED);
        enable(false);
        enable(true);
        assertThat(revision(3)).isEqualTo(GOOD);
    }

    @Test
    void commandsOfLaterRevisionsAreRejected() {
        assertThat(revision(1)).isEqualTo(GOOD);
        assertThat(execute(Ccw.READ_STATUS, 1)).isEqualTo(REJECTED | 1);
        assertThat(execute(Ccw.READ_SHM, 24)).isEqualTo(REJECTED | 24);
        enable(false);
        enable(true);
        assertThat(revision(2)).isEqualTo(GOOD);
        assertThat(execute(Ccw.READ_STATUS, 1)).isEqualTo(GOOD);
        assertThat(execute(Ccw.READ_SHM, 24)).isEqualTo(REJECTED | 24);
    }

    @Test
    void readShmTellsWhereARegionIs() {
        revision(3);
        data.asSlice(0, 24).fill((byte) 0x5a);
        data.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
        assertThat(execute(Ccw.READ_SHM, 24)).isEqualTo(GOOD);
        assertThat(data.get(BE_LONG, 8)).isEqualTo(regionAddress);
        assertThat(data.get(BE_LONG, 16)).isEqualTo(EchoDevice.REGION_LENGTH);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 1))
                .as("reserved, left alone")
                .isEqualTo((byte) 0x5a);
        data.set(ValueLayout.JAVA_BYTE, 0, (byte) 255);
        assertThat(execute(Ccw.READ_SHM, 24)).isEqualTo(GOOD);
        assertThat(data.get(BE_LONG, 8)).isEqualTo(-1);
        assertThat(data.get(BE_LONG, 16)).isEqualTo(-1);
    }

    @Test
    void unknownCommandsAreRejectedWithSense() {
        revision(3);
        for (int command = 1; command < 256; command++) {
            boolean known = switch (command) {
                case Ccw.NO_OPERATION,
                        Ccw.BASIC_SENSE,
                        Ccw.TRANSFER_IN_CHANNEL,
                        Ccw.SENSE_ID,
                        Ccw.SET_VQ,
                        Ccw.VDEV_RESET,
                        Ccw.SET_IND,
                        Ccw.SET_CONF_IND,
                        Ccw.SET_IND_ADAPTER,
                        Ccw.READ_FEAT,
                        Ccw.WRITE_FEAT,
                        Ccw.READ_CONF,
                        Ccw.WRITE_CONF,
                        Ccw.WRITE_STATUS,
                        Ccw.READ_VQ_CONF,
                        Ccw.SET_VIRTIO_REV,
                        Ccw.READ_STATUS,
                        Ccw.READ_SHM -> true;
                default -> false;
            };
            if (!known && (command & 0xf) != 0) {
                assertThat(execute(command, 8)).as("command 0x%x", command).isEqualTo(REJECTED | 8);
                assertThat(irb.get(ValueLayout.JAVA_BYTE, Irb.SENSE)).isEqualTo((byte) Irb.COMMAND_REJECT);
            } else if (!known) {
                assertThat(execute(command, 8)).as("command 0x%x", command).isEqualTo(CHECKED);
            }
        }
    }

    /**
     * A length that is not the command's: indicated, unless that is suppressed; a command with too little is not
     * executed.
     */
    @Test
    void countsThatDoNotFitAreIndicated() {
        revision(3);
        data.fill((byte) 0);
        assertThat(execute(Ccw.READ_VQ_CONF, 4)).isEqualTo(GOOD);
        assertThat(execute(Ccw.READ_VQ_CONF, 6)).isEqualTo(GOOD | Irb.INCORRECT_LENGTH << 16 | 2);
        assertThat(execute(Ccw.READ_VQ_CONF, Ccw.SUPPRESS_LENGTH_INDICATION, 6)).isEqualTo(GOOD | 2);
        data.set(BE_SHORT, 2, (short) 0x7777);
        assertThat(execute(Ccw.READ_VQ_CONF, 3)).isEqualTo(GOOD | Irb.INCORRECT_LENGTH << 16 | 3);
        assertThat(data.get(BE_SHORT, 2)).isEqualTo((short) 0x7777);
        assertThat(execute(Ccw.READ_VQ_CONF, Ccw.SUPPRESS_LENGTH_INDICATION, 3)).isEqualTo(REJECTED | 3);
        assertThat(data.get(BE_SHORT, 2)).isEqualTo((short) 0x7777);
        for (int command : new int[] {
            Ccw.SET_VQ,
            Ccw.SET_IND,
            Ccw.SET_CONF_IND,
            Ccw.SET_IND_ADAPTER,
            Ccw.READ_FEAT,
            Ccw.WRITE_FEAT,
            Ccw.WRITE_STATUS,
            Ccw.READ_STATUS,
            Ccw.READ_SHM
        }) {
            assertThat(execute(command, 0) & ~0xffff)
                    .as("command 0x%x", command)
                    .isEqualTo(GOOD | Irb.INCORRECT_LENGTH << 16);
            assertThat(execute(command, Ccw.SUPPRESS_LENGTH_INDICATION, 0)).isEqualTo(REJECTED);
        }
    }

    @Test
    void theConfigurationIsReadAsFarAsTheCountSays() {
        revision(1);
        data.fill((byte) 0);
        assertThat(execute(Ccw.READ_CONF, 3)).isEqualTo(GOOD);
        assertThat(data.get(BE_INT, 0)).isEqualTo(0x01020300);
        assertThat(execute(Ccw.READ_CONF, EchoDevice.CONFIG_SIZE)).isEqualTo(GOOD);
        assertThat(execute(Ccw.WRITE_CONF, 3)).isEqualTo(GOOD);
    }

    @Test
    void addressesOutsideOfMemoryAreProgramChecks() {
        revision(1);
        long end = memory.ramSize();
        for (long address : new long[] {end, end - 2, 0x7fff_fff0L, 0x8000_0000L, 0xffff_ffffL}) {
            ccw(Ccw.READ_VQ_CONF, 0, 4, address);
            assertThat(start() & ~0xffff).as("data at 0x%x", address).isEqualTo(CHECKED);
            assertThat(start(address & ~7, Orb.FORMAT_1) & ~0xffff)
                    .as("program at 0x%x", address & ~7)
                    .isEqualTo(CHECKED);
        }
        ccw(Ccw.NO_OPERATION, 0, 0);
        assertThat(start(program.guestAddress(4), Orb.FORMAT_1)).isEqualTo(CHECKED);
        assertThat(start(program.guestAddress(0), 0)).as("format 0").isEqualTo(CHECKED);
    }

    @Test
    void commandsAreChained() {
        revision(2);
        data.fill((byte) 0);
        data.set(ValueLayout.JAVA_BYTE, 100, (byte) DeviceStatus.ACKNOWLEDGE);
        int next = 3 * Ccw.SIZE;
        ccw(Ccw.WRITE_STATUS, Ccw.CHAIN_COMMAND, 1, program.guestAddress(DATA + 100));
        ccw(Ccw.NO_OPERATION, Ccw.CHAIN_COMMAND, 0);
        ccw(Ccw.TRANSFER_IN_CHANNEL, 0, 0, program.guestAddress(next));
        ccw(Ccw.READ_STATUS, 0, 1, program.guestAddress(DATA + 200));
        assertThat(start()).isEqualTo(GOOD);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 200)).isEqualTo((byte) DeviceStatus.ACKNOWLEDGE);
        assertThat(irb.get(BE_INT, Irb.CCW_ADDRESS)).isEqualTo((int) program.guestAddress(next + Ccw.SIZE));
    }

    @Test
    void aChainEndsAtTheFirstThatFails() {
        revision(2);
        ccw(0x7f, Ccw.CHAIN_COMMAND, 0);
        ccw(Ccw.READ_STATUS, 0, 1);
        data.set(ValueLayout.JAVA_BYTE, 0, (byte) 99);
        assertThat(start()).isEqualTo(REJECTED);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 99);
    }

    @Test
    void programsThatLoopAreProgramChecks() {
        ccw(Ccw.NO_OPERATION, Ccw.CHAIN_COMMAND, 0);
        ccw(Ccw.TRANSFER_IN_CHANNEL, 0, 0, program.guestAddress(0));
        assertThat(start()).as("NOP and back").isEqualTo(CHECKED);
        ccw(Ccw.TRANSFER_IN_CHANNEL, 0, 0, program.guestAddress(0));
        assertThat(start()).as("to itself").isEqualTo(CHECKED);
        ccw(Ccw.NO_OPERATION, Ccw.CHAIN_COMMAND, 0);
        ccw(Ccw.TRANSFER_IN_CHANNEL, 0, 0, program.guestAddress(2 * Ccw.SIZE));
        ccw(Ccw.TRANSFER_IN_CHANNEL, 0, 0, program.guestAddress(0));
        assertThat(start()).as("from one to another").isEqualTo(CHECKED);
    }

    @Test
    void chainedDataIndirectDataAndSuspensionAreProgramChecks() {
        for (int flag : new int[] {Ccw.CHAIN_DATA, Ccw.INDIRECT_DATA, Ccw.SUSPEND, Ccw.MODIFIED_INDIRECT_DATA}) {
            assertThat(execute(Ccw.NO_OPERATION, flag, 0)).isEqualTo(CHECKED);
        }
    }

    @Test
    void aReadThatIsSkippedStoresNothing() {
        revision(2);
        data.set(ValueLayout.JAVA_BYTE, 0, (byte) 99);
        assertThat(execute(Ccw.READ_STATUS, Ccw.SKIP, 1)).isEqualTo(GOOD);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 99);
    }

    @Test
    void aStatusThatTheDeviceDoesNotTakeIsRejectedAndChangesNothing() {
        revision(2);
        data.set(LE_INT, 0, -1);
        data.set(ValueLayout.JAVA_BYTE, 4, (byte) 0);
        assertThat(execute(Ccw.WRITE_FEAT, 5)).isEqualTo(GOOD);
        data.set(ValueLayout.JAVA_BYTE, 0, (byte) (DeviceStatus.ACKNOWLEDGE | DeviceStatus.FEATURES_OK));
        assertThat(execute(Ccw.WRITE_STATUS, 1)).isEqualTo(REJECTED);
        assertThat(execute(Ccw.READ_STATUS, 1)).isEqualTo(GOOD);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 0)).isZero();
    }

    @Test
    void queuesThatDoNotExistHaveNoSizeAndCannotBeSet() {
        revision(1);
        data.fill((byte) 0);
        data.set(BE_SHORT, 0, (short) 3);
        assertThat(execute(Ccw.READ_VQ_CONF, 4)).isEqualTo(GOOD);
        assertThat(data.get(BE_SHORT, 2)).isZero();
        for (int[] one : new int[][] {{3, 8}, {0xffff, 8}, {0, 65}, {0, 0xffff}}) {
            data.fill((byte) 0);
            data.set(BE_SHORT, 12, (short) one[0]);
            data.set(BE_SHORT, 14, (short) one[1]);
            assertThat(execute(Ccw.SET_VQ, 32)).isEqualTo(REJECTED);
        }
    }

    private int setAdapter(long summary, long indicator, long bit, int subclass) {
        data.set(BE_LONG, 0, summary);
        data.set(BE_LONG, 8, indicator);
        data.set(BE_LONG, 16, bit);
        data.set(ValueLayout.JAVA_BYTE, 24, (byte) subclass);
        return execute(Ccw.SET_IND_ADAPTER, 25);
    }

    private int setClassic(int command, long address) {
        data.set(BE_LONG, 0, address);
        return execute(command, 8);
    }

    @Test
    void indicatorsOutsideOfMemoryAreRejected() {
        revision(1);
        long good = program.guestAddress(4096);
        for (long bad : new long[] {memory.ramSize(), -8, 1L << 40}) {
            assertThat(setClassic(Ccw.SET_IND, bad)).isEqualTo(REJECTED);
            assertThat(setClassic(Ccw.SET_CONF_IND, bad)).isEqualTo(REJECTED);
            assertThat(setAdapter(bad, good, 0, 0)).isEqualTo(REJECTED);
            assertThat(setAdapter(good, bad, 0, 0)).isEqualTo(REJECTED);
        }
        assertThat(setClassic(Ccw.SET_IND, good + 1)).isEqualTo(REJECTED);
        assertThat(setAdapter(good, good + 8, Long.MAX_VALUE, 0)).isEqualTo(REJECTED);
        assertThat(setAdapter(good, good + 8, -1, 0)).isEqualTo(REJECTED);
        assertThat(setAdapter(good, good + 8, 0, 8)).isEqualTo(REJECTED);
    }

    @Test
    void theTwoKindsOfIndicatorsExcludeEachOther() {
        revision(1);
        long address = program.guestAddress(4096);
        assertThat(setClassic(Ccw.SET_IND, address)).isEqualTo(GOOD);
        assertThat(setAdapter(address, address + 8, 0, 0)).isEqualTo(REJECTED);
        assertThat(execute(Ccw.VDEV_RESET, 0)).isEqualTo(GOOD);
        assertThat(setAdapter(address, address + 8, 0, 0)).isEqualTo(GOOD);
        assertThat(setClassic(Ccw.SET_IND, address)).isEqualTo(REJECTED);
    }

    @Test
    void subchannelsThatDoNotExistAreNotOperational() {
        MemorySegment schib = MemorySegment.ofArray(new byte[Schib.SIZE]);
        for (int subchannel : new int[] {SUBCHANNEL + 1, 0, -1, 1, Integer.MIN_VALUE}) {
            assertThat(subsystem.storeSubchannel(subchannel, schib)).isEqualTo(3);
            assertThat(subsystem.modifySubchannel(subchannel, schib)).isEqualTo(3);
            assertThat(subsystem.startSubchannel(subchannel, schib)).isEqualTo(3);
            assertThat(subsystem.testSubchannel(subchannel, irb)).isEqualTo(3);
            assertThat(subsystem.notifyQueue(subchannel, 0, 0)).isNegative();
        }
        assertThat(subsystem.notifyQueue(SUBCHANNEL, 3, 0)).isNegative();
        enable(false);
        assertThat(subsystem.startSubchannel(SUBCHANNEL, schib)).isEqualTo(3);
    }

    @Test
    void randomProgramsEnd() {
        Random random = new Random(3);
        MemorySegment bytes = program.segment();
        for (int i = 0; i < 20_000; i++) {
            for (int j = 0; j < 16; j++) {
                int command = random.nextInt(3) == 0 ? random.nextInt(256) : commands[random.nextInt(commands.length)];
                int flags = random.nextInt(4) == 0 ? random.nextInt(256) : Ccw.CHAIN_COMMAND;
                ccw(command, flags, random.nextInt(40), program.guestAddress(random.nextInt(64) * 8L));
            }
            bytes.set(BE_LONG, DATA, random.nextLong());
            int status = start();
            assertThat(status >>> 16).isNotZero();
        }
        enable(false);
        enable(true);
        assertThat(revision(2)).isEqualTo(GOOD);
    }

    private final int[] commands = {
        Ccw.NO_OPERATION, Ccw.TRANSFER_IN_CHANNEL, Ccw.SENSE_ID, Ccw.SET_VIRTIO_REV, Ccw.SET_VQ, Ccw.VDEV_RESET,
        Ccw.SET_IND, Ccw.SET_CONF_IND, Ccw.SET_IND_ADAPTER, Ccw.READ_FEAT, Ccw.WRITE_FEAT, Ccw.READ_CONF,
        Ccw.WRITE_STATUS, Ccw.READ_VQ_CONF, Ccw.READ_STATUS, Ccw.READ_SHM
    };
}
