package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Request;
import dev.oriel.fuse.FuseOpcode;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Each operation is asked first where it may not block, and if it would, again where it may: it holds up no queue. */
class AskedFirstTest {
    private static final int ROOM = 288;

    /** Which thread asked, and whether it may block. */
    private record Asked(String thread, boolean mayBlock) {}

    private static Map<String, Wire> requests(Client client) {
        Map<String, Wire> all = new TreeMap<>();
        all.put("lookup", client.request(FuseOpcode.LOOKUP, 1).name("n"));
        all.put("getattr", client.request(FuseOpcode.GETATTR, 1).u32(0, 0).u64(0));
        all.put("setattr", client.request(FuseOpcode.SETATTR, 1).u64(new long[11]));
        all.put("statx", client.request(FuseOpcode.STATX, 1).u64(0, 0, 0));
        all.put("readlink", client.request(FuseOpcode.READLINK, 1));
        all.put("symlink", client.request(FuseOpcode.SYMLINK, 1).name("n").name("t"));
        all.put("mknod", client.request(FuseOpcode.MKNOD, 1).u64(0, 0).name("n"));
        all.put("mkdir", client.request(FuseOpcode.MKDIR, 1).u64(0).name("n"));
        all.put("unlink", client.request(FuseOpcode.UNLINK, 1).name("n"));
        all.put("rmdir", client.request(FuseOpcode.RMDIR, 1).name("n"));
        all.put("rename", client.request(FuseOpcode.RENAME, 1).u64(1).name("n").name("m"));
        all.put("link", client.request(FuseOpcode.LINK, 1).u64(2).name("n"));
        all.put("open", client.request(FuseOpcode.OPEN, 1).u64(0));
        all.put("create", client.request(FuseOpcode.CREATE, 1).u64(0, 0).name("n"));
        all.put("tmpfile", client.request(FuseOpcode.TMPFILE, 1).u64(0, 0).name("/"));
        all.put("read", client.request(FuseOpcode.READ, 1).u64(0, 0, 16, 0, 0));
        all.put("write", client.request(FuseOpcode.WRITE, 1).u64(0, 0, 0, 0, 0));
        all.put("flush", client.request(FuseOpcode.FLUSH, 1).u64(0, 0, 0));
        all.put("release", client.request(FuseOpcode.RELEASE, 1).u64(0, 0, 0));
        all.put("fsync", client.request(FuseOpcode.FSYNC, 1).u64(0, 0));
        all.put("opendir", client.request(FuseOpcode.OPENDIR, 1).u64(0));
        all.put("readdir", client.request(FuseOpcode.READDIR, 1).u64(0, 0, 64, 0, 0));
        all.put("releasedir", client.request(FuseOpcode.RELEASEDIR, 1).u64(0, 0, 0));
        all.put("fsyncdir", client.request(FuseOpcode.FSYNCDIR, 1).u64(0, 0));
        all.put("statfs", client.request(FuseOpcode.STATFS, 1));
        all.put("setxattr", client.request(FuseOpcode.SETXATTR, 1).u64(0, 0).name("user.a"));
        all.put("getxattr", client.request(FuseOpcode.GETXATTR, 1).u64(0).name("user.a"));
        all.put("listxattr", client.request(FuseOpcode.LISTXATTR, 1).u64(0));
        all.put("removexattr", client.request(FuseOpcode.REMOVEXATTR, 1).name("user.a"));
        all.put("access", client.request(FuseOpcode.ACCESS, 1).u64(0));
        all.put("getlk", client.request(FuseOpcode.GETLK, 1).u64(0, 0, 0, 0, 0, 0));
        all.put("setlk", client.request(FuseOpcode.SETLK, 1).u64(0, 0, 0, 0, 0, 0));
        all.put(
                "ioctl",
                client.request(FuseOpcode.IOCTL, 1)
                        .u64(0)
                        .u32(0, 0x8008_6601)
                        .u64(0)
                        .u32(0, 4));
        all.put("fallocate", client.request(FuseOpcode.FALLOCATE, 1).u64(0, 0, 0, 0));
        all.put("lseek", client.request(FuseOpcode.LSEEK, 1).u64(0, 0, 0));
        all.put("copyFileRange", client.request(FuseOpcode.COPY_FILE_RANGE, 1).u64(0, 0, 1, 0, 0, 0, 0));
        all.put("syncfs", client.request(FuseOpcode.SYNCFS, 1).u64(0));
        return all;
    }

    @Test
    void whatWouldBlockIsServedByThePoolWhateverItIs() throws Exception {
        ConcurrentLinkedQueue<Asked> asked = new ConcurrentLinkedQueue<>();
        RecordingFileSystem fileSystem = new RecordingFileSystem(~0L);
        try (Client client = new Client(fileSystem, ByteOrder.nativeOrder()).mount()) {
            for (String operation : requests(client).keySet()) {
                fileSystem.on(operation, arguments -> {
                    boolean mayBlock = ((Request) arguments[0]).mayBlock();
                    asked.add(new Asked(Thread.currentThread().getName(), mayBlock));
                    return mayBlock ? 0 : FileSystemSession.WOULD_BLOCK;
                });
            }
            List<Asked> first = List.of(new Asked("queue " + Client.REQUESTS, false), new Asked("tag pool", true));
            requests(client).forEach((operation, request) -> {
                Answer answer = new Answer(
                        client.guest.await(client.guest.send(Client.REQUESTS, request.done(), 16 + ROOM)),
                        client.order);
                assertThat(answer.error()).as(operation).isZero();
                assertThat(asked).as(operation).containsExactlyElementsOf(first);
                asked.clear();
            });
        }
    }

    @Test
    void aLookupThatWaitsHoldsUpNobody() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch disk = new CountDownLatch(1);
        RecordingFileSystem fileSystem = new RecordingFileSystem(0).on("lookup", arguments -> {
            if (!((Request) arguments[0]).mayBlock()) {
                return FileSystemSession.WOULD_BLOCK;
            }
            arrived.countDown();
            try {
                disk.await();
            } catch (InterruptedException nobodyDoes) {
                throw new IllegalStateException(nobodyDoes);
            }
            return 0;
        });
        try (Client client = new Client(fileSystem, ByteOrder.nativeOrder()).mount()) {
            Guest.Sent waiting =
                    client.send(client.request(FuseOpcode.LOOKUP, 1).name("slow"), 128);
            arrived.await();
            Answer other =
                    client.call(client.request(FuseOpcode.GETATTR, 1).u32(0, 0).u64(0), 104);
            assertThat(other.error()).isZero();
            assertThat(client.guest.isBack(waiting)).isFalse();
            disk.countDown();
            assertThat(client.await(waiting).error()).isZero();
        }
    }
}
