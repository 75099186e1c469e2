package dev.oriel.linux.credential;

import dev.oriel.linux.FileCalls;
import dev.oriel.linux.abi.Native;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A program that filters its system calls, or holds itself to a folder, and then does what a test wants to see the end
 * of.
 */
final class FilteredProcess {
    private FilteredProcess() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[2]);
        if (arguments[0].equals("landlock")) {
            Landlock.restrictWritingTo(List.of(folder), List.of(), null);
        } else {
            SystemCallFilter.install(SystemCallFilter.Action.valueOf(arguments[0]), false, false);
        }
        switch (arguments[1]) {
            case "serve" -> serve(folder);
            case "internet" -> new ServerSocket(0).close();
            case "local" ->
                SocketChannel.open(java.net.StandardProtocolFamily.UNIX).close();
            case "connect" -> SocketChannel.open(java.net.UnixDomainSocketAddress.of(folder.resolve("socket")));
            case "signal" ->
                Native.callInt(
                        Native.link("fcntl", 3), 0, 8, ProcessHandle.current().pid());
            case "limit" -> Native.callInt(Native.link("prlimit", 4), 1, 0, 0, 0);
            case "execute" -> new ProcessBuilder("/bin/true").start().waitFor();
            case "mount" -> Native.callInt(Native.link("umount2", 2), 0, 0);
            case "namespace" -> Native.callInt(Native.link("unshare", 1), 0x2000_0000);
            case "write" -> Files.writeString(folder.resolveSibling("outside"), "x");
            default -> throw new IllegalArgumentException(arguments[1]);
        }
        System.out.println("went on");
    }

    /** What a server does all day: files, threads, classes that were not there before. */
    private static void serve(Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "text");
        Thread thread = new Thread(() -> System.out.println(String.format("%s %.1f", file.getFileName(), 1.5)));
        thread.start();
        thread.join();
        Files.delete(file);
        System.out.println("close: " + FileCalls.close(-1));
        System.gc();
    }
}
