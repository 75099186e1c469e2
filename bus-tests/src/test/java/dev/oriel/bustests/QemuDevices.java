package dev.oriel.bustests;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.oriel.bus.MachineMemory;
import dev.oriel.guests.GuestKit;
import dev.oriel.virtio.memory.DriverMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Devices of QEMU without a guest: accesses to ports and memory go over its qtest protocol, and its RAM is the memory
 * of this process. So a driver of ours drives devices that none of us wrote. Any thread.
 */
final class QemuDevices implements AutoCloseable {
    private static final int RAM_MEBIBYTES = 64;

    /** Below 1 MiB there are holes in the RAM of a PC. */
    private static final long LOW = (1 << 20) - (64 << 10);

    private static final long PATIENCE_SECONDS = 20;

    final MachineMemory memory;
    private final DriverMemory low;
    private final Process process;
    private final SocketChannel socket;
    private final BufferedReader answers;
    private final Path log;

    /**
     * Starts QEMU.
     *
     * @param folder for its socket and its log
     * @param machine q35 or microvm
     * @param arguments that make devices
     */
    QemuDevices(Path folder, String machine, String... arguments) throws IOException {
        memory = MachineMemory.create((long) RAM_MEBIBYTES << 20);
        low = memory.allocate(LOW);
        log = folder.resolve("qemu.log");
        Path path = folder.resolve("qtest.sock");
        String ram = "/proc/" + ProcessHandle.current().pid() + "/fd/" + low.descriptor();
        List<String> words = new ArrayList<>(List.of("-qtest", "unix:" + path, "-m", RAM_MEBIBYTES + "M"));
        words.addAll(
                List.of("-object", "memory-backend-file,id=ram,share=on,size=" + RAM_MEBIBYTES + "M,mem-path=" + ram));
        words.addAll(List.of("-machine", machine + ",memory-backend=ram"));
        words.addAll(List.of(arguments));
        try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listening.bind(UnixDomainSocketAddress.of(path));
            listening.configureBlocking(false);
            process = GuestKit.locate()
                    .devicesOnly(words)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            socket = accept(listening);
        }
        answers = new BufferedReader(Channels.newReader(socket, US_ASCII));
    }

    private SocketChannel accept(ServerSocketChannel listening) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            SocketChannel accepted = listening.accept();
            if (accepted != null) {
                return accepted;
            }
            if (!process.isAlive() || System.nanoTime() > end) {
                process.destroyForcibly();
                throw new IOException("QEMU did not start: " + said());
            }
            Thread.onSpinWait();
        }
    }

    private String said() {
        try {
            return Files.readString(log);
        } catch (IOException nothing) {
            return "nothing";
        }
    }

    private synchronized String ask(String command) {
        try {
            socket.write(java.nio.ByteBuffer.wrap((command + "\n").getBytes(US_ASCII)));
            String answer = answers.readLine();
            while (answer != null && answer.startsWith("IRQ")) {
                answer = answers.readLine();
            }
            if (answer == null || !answer.startsWith("OK")) {
                throw new IllegalStateException("QEMU answered '" + command + "' with '" + answer + "'");
            }
            return answer.substring(2).strip();
        } catch (IOException failed) {
            throw new IllegalStateException("QEMU is gone at '" + command + "': " + said(), failed);
        }
    }

    private static char letter(int size) {
        return switch (size) {
            case 1 -> 'b';
            case 2 -> 'w';
            default -> 'l';
        };
    }

    private long number(String command) {
        return Long.parseUnsignedLong(ask(command).substring(2), 16);
    }

    /** Reads a port. */
    int in(int port, int size) {
        return (int) number("in%c 0x%x".formatted(letter(size), port));
    }

    /** Writes a port. */
    void out(int port, int size, int value) {
        ask("out%c 0x%x 0x%x".formatted(letter(size), port, value));
    }

    /** Reads at a physical address. */
    int read(long address, int size) {
        return (int) number("read%c 0x%x".formatted(letter(size), address));
    }

    /** Writes at a physical address. */
    void write(long address, int size, int value) {
        ask("write%c 0x%x 0x%x".formatted(letter(size), address, value));
    }

    /** Reads bytes from a physical address on. */
    byte[] bytes(long address, int length) {
        return HexFormat.of()
                .parseHex(ask("read 0x%x 0x%x".formatted(address, length)).substring(2));
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            socket.close();
            process.waitFor();
        } catch (IOException | InterruptedException over) {
            Thread.currentThread().interrupt();
        }
        low.close();
        memory.close();
    }
}
