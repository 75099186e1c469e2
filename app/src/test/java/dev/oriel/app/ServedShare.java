package dev.oriel.app;

import dev.oriel.device.VirtioFsDevice;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.linux.UnixSocket;
import dev.oriel.socket.ConnectionServer;
import dev.oriel.vhostuser.VhostUserBackend;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;

/** A folder that this process serves to commands, each operation as a test wants it. */
final class ServedShare implements AutoCloseable {
    private final FileSystem local;
    private final ConnectionServer server;
    private final Thread thread;

    /** Performs an operation of a session, by the one of the folder or in another way. */
    interface Operations {
        Object perform(FileSystemSession folder, Method operation, Object[] arguments) throws Throwable;
    }

    ServedShare(Path folder, Path socket, Operations operations) throws IOException {
        local = LocalFileSystem.open(LocalOptions.of(folder).build());
        FileSystem changed = new FileSystem() {
            @Override
            public FileSystemSession begin(long offered) {
                return changed(local.begin(offered), operations);
            }

            @Override
            public void close() {}
        };
        server = new ConnectionServer(
                UnixSocket.listen(socket, 4),
                (name, connection) -> new VhostUserBackend(
                        name,
                        connection,
                        new VirtioFsDevice(changed, "share", 1, 1, null),
                        VhostUserBackend.Options.DEFAULT),
                4);
        thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                server.run();
            } catch (IOException failed) {
                throw new IllegalStateException(failed);
            }
        });
    }

    private static FileSystemSession changed(FileSystemSession session, Operations operations) {
        return (FileSystemSession) Proxy.newProxyInstance(
                FileSystemSession.class.getClassLoader(),
                new Class<?>[] {FileSystemSession.class},
                (_, method, arguments) -> operations.perform(session, method, arguments));
    }

    /** The operation as the folder has it. */
    static Object asItIs(FileSystemSession folder, Method operation, Object[] arguments) throws Throwable {
        try {
            return operation.invoke(folder, arguments);
        } catch (InvocationTargetException failed) {
            throw failed.getCause();
        }
    }

    @Override
    public void close() {
        server.close();
        try {
            thread.join();
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
        }
        local.close();
    }
}
