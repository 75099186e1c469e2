package dev.oriel.bustests;

import dev.oriel.bus.InterruptLine;
import dev.oriel.bus.MachineMemory;
import dev.oriel.bus.ccw.CcwDevice;
import dev.oriel.bus.ccw.CcwTransport;
import dev.oriel.bus.ccw.CcwTransport.Notifications;
import dev.oriel.bus.ccw.ChannelSubsystem;
import dev.oriel.bus.mmio.MmioDevice;
import dev.oriel.bus.mmio.MmioTransport;
import dev.oriel.bus.pci.PciFunction;
import dev.oriel.bus.pci.PciHost;
import dev.oriel.bus.pci.PciTransport;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.vhostuser.VhostUserBackend;
import dev.oriel.vhostuser.VhostUserFrontend;
import dev.oriel.virtio.VirtioDevice;
import dev.oriel.virtio.VirtioTransport;
import dev.oriel.virtio.memory.GuestMemoryTable;
import dev.oriel.virtio.memory.SharedMemoryWindow;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Every way in which a device and a driver can be joined. */
enum Transport {
    VHOST_USER("vhost-user", true) {
        @Override
        Joint open(Path folder, VirtioDevice device) throws IOException {
            return new VhostUser(folder, device);
        }
    },
    PCI("pci", true) {
        @Override
        Joint open(Path folder, VirtioDevice device) throws IOException {
            return new Pci(new Machine(device), true);
        }
    },
    /** As on s390: what is in a BAR cannot be used as memory, and the window is never offered. */
    PCI_WITHOUT_MEMORY("pci, memory is not RAM", false) {
        @Override
        Joint open(Path folder, VirtioDevice device) throws IOException {
            return new Pci(new Machine(device), false);
        }
    },
    MMIO("mmio", true) {
        @Override
        Joint open(Path folder, VirtioDevice device) throws IOException {
            return new Mmio(new Machine(device));
        }
    },
    CCW("ccw, adapter indicators", true) {
        @Override
        Joint open(Path folder, VirtioDevice device) throws IOException {
            return new Ccw(new Machine(device), Notifications.ADAPTER, CcwTransport.REVISION_MAX);
        }
    },
    CCW_CLASSIC("ccw, classic indicators", true) {
        @Override
        Joint open(Path folder, VirtioDevice device) throws IOException {
            return new Ccw(new Machine(device), Notifications.CLASSIC, CcwTransport.REVISION_MAX);
        }
    },
    /** As far as today's specification goes: there are no shared memory regions. */
    CCW_REVISION_2("ccw, revision 2", false) {
        @Override
        Joint open(Path folder, VirtioDevice device) throws IOException {
            return new Ccw(new Machine(device), Notifications.ADAPTER, 2);
        }
    };

    static final int FILE_SYSTEM = 26;
    private static final int QUEUE_SIZE = 256;

    private static final long RAM = 64 << 20;

    private final String label;
    final boolean hasRegions;

    Transport(String label, boolean hasRegions) {
        this.label = label;
        this.hasRegions = hasRegions;
    }

    /**
     * Starts a device.
     *
     * @param folder for a socket, if need be
     * @param device owned by the caller
     */
    abstract Joint open(Path folder, VirtioDevice device) throws IOException;

    @Override
    public String toString() {
        return label;
    }

    /** The memory of a machine, with a slot for region 0 of the device if it has one. */
    private static final class Machine implements AutoCloseable {
        final VirtioDevice device;
        final MachineMemory memory;
        final @Nullable SharedMemoryWindow region;
        final long regionAddress;

        Machine(VirtioDevice device) throws LinuxException {
            this.device = device;
            memory = MachineMemory.create(RAM);
            long length = device.sharedMemoryRegionLength(0);
            region = length == 0 ? null : SharedMemoryWindow.reserve(length);
            regionAddress = region == null ? 0 : memory.addSlot(region);
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    private static final class VhostUser implements Joint {
        private final Path socket;
        private final ConnectionServer server;
        private final Thread thread;

        VhostUser(Path folder, VirtioDevice device) throws LinuxException {
            socket = folder.resolve("device.sock");
            server = new ConnectionServer(
                    UnixSocket.listen(socket, 4),
                    (name, connection) ->
                            new VhostUserBackend(name, connection, device, VhostUserBackend.Options.DEFAULT),
                    1);
            thread = Thread.ofPlatform().daemon().start(() -> {
                try {
                    server.run();
                } catch (LinuxException failed) {
                    throw new IllegalStateException(failed);
                }
            });
        }

        /** One driver at a time: the connection before may still be ending. */
        @Override
        public VirtioTransport probe(long wanted) throws IOException {
            while (server.connections() > 0) {
                Thread.onSpinWait();
            }
            return VhostUserFrontend.connect(socket, wanted, Duration.ofSeconds(30));
        }

        @Override
        public void close() {
            server.close();
            try {
                thread.join();
            } catch (InterruptedException now) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static final class Pci implements Joint {
        private final Machine machine;
        private final GuestMemoryTable table;
        private final PciHost host;
        private final PciFunction function;

        Pci(Machine machine, boolean memoryIsRam) throws LinuxException {
            this.machine = machine;
            table = machine.memory.table();
            SharedMemoryWindow region = memoryIsRam ? machine.region : null;
            function = new PciFunction("pci", machine.device, table, QUEUE_SIZE, 0, region);
            host = new PciHost(machine.memory, memoryIsRam);
            host.add(function, region, machine.regionAddress);
        }

        @Override
        public VirtioTransport probe(long wanted) throws IOException {
            return PciTransport.probe(machine.memory, host, FILE_SYSTEM, wanted);
        }

        @Override
        public void close() {
            function.close();
            table.close();
            machine.close();
        }
    }

    private static final class Mmio implements Joint {
        private final Machine machine;
        private final InterruptLine line = new InterruptLine();
        private final MmioDevice device;

        Mmio(Machine machine) throws LinuxException {
            this.machine = machine;
            device = new MmioDevice(
                    "mmio",
                    machine.device,
                    machine.memory.table(),
                    QUEUE_SIZE,
                    machine.region,
                    machine.regionAddress,
                    line);
        }

        @Override
        public VirtioTransport probe(long wanted) throws IOException {
            return MmioTransport.probe("the device", machine.memory, device, line, FILE_SYSTEM, wanted);
        }

        @Override
        public void close() {
            device.close();
            machine.close();
        }
    }

    private static final class Ccw implements Joint {
        private final Machine machine;
        private final ChannelSubsystem subsystem = new ChannelSubsystem();
        private final CcwDevice device;
        private final Notifications notifications;
        private final int revisionMax;

        Ccw(Machine machine, Notifications notifications, int revisionMax) throws LinuxException {
            this.machine = machine;
            this.notifications = notifications;
            this.revisionMax = revisionMax;
            device = new CcwDevice(
                    "ccw", machine.device, machine.memory.table(), QUEUE_SIZE, machine.region, machine.regionAddress);
            subsystem.add(device, 0x1234);
        }

        @Override
        public VirtioTransport probe(long wanted) throws IOException {
            return CcwTransport.probe(machine.memory, subsystem, FILE_SYSTEM, notifications, revisionMax, wanted);
        }

        @Override
        public void close() {
            device.close();
            machine.close();
        }
    }
}
