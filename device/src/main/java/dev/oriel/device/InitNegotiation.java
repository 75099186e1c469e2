package dev.oriel.device;

import dev.oriel.device.dax.DaxSession;
import dev.oriel.device.dax.DaxWindow;
import dev.oriel.device.operation.FuseSession;
import dev.oriel.device.operation.ReceivedRequest;
import dev.oriel.device.operation.Reply;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.fuse.FuseInitFlags;
import dev.oriel.fuse.FuseInitIn;
import dev.oriel.fuse.FuseInitOut;
import dev.oriel.linux.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** FUSE_INIT: agrees with the client on the version, the sizes and the abilities of a session, and begins it. */
final class InitNegotiation {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private static final int MAJOR = 7;
    private static final int MINOR = 46;

    /** Linux 5.4, the first with virtio-fs, speaks 7.31; what is older has other sizes of structures. */
    private static final int OLDEST_MINOR = 27;

    /** The part of fuse_init_in that every version has: up to and with {@code flags}. */
    private static final int SHORT_INIT = 16;

    private static final int MAX_WRITE = 1 << 20;
    private static final int MAX_PAGES = 256;

    /** How many requests that nobody waits for the client may have under way: the rings are the limit. */
    private static final int MAX_BACKGROUND = 0xffff;

    private static final int CONGESTION_THRESHOLD = MAX_BACKGROUND / 4 * 3;

    /** What the device itself brings to a session. */
    private static final long DEVICE_FLAGS = FuseInitFlags.INIT_EXT | FuseInitFlags.MAX_PAGES;

    /** What no device can do: these need a descriptor of /dev/fuse, or notifications, which Linux does not take. */
    private static final long NOT_OVER_VIRTIO = FuseInitFlags.PASSTHROUGH
            | FuseInitFlags.OVER_IO_URING
            | FuseInitFlags.HAS_RESEND
            | FuseInitFlags.EXPLICIT_INVAL_DATA;

    /** What a session has with a DAX window only. */
    private static final long WINDOW_FLAGS = FuseInitFlags.MAP_ALIGNMENT | FuseInitFlags.HAS_INODE_DAX;

    /**
     * With a window, stores are written back and copies renewed where the client opens and closes: it has to tell. And
     * it has to clear set-id bits itself, as nobody else knows of its stores.
     */
    private static final long NOT_WITH_WINDOW =
            FuseInitFlags.NO_OPEN_SUPPORT | FuseInitFlags.NO_OPENDIR_SUPPORT | FuseInitFlags.HANDLE_KILLPRIV_V2;

    private final FileSystem fileSystem;
    private final Supplier<@Nullable DaxWindow> windows;
    private final FuseInitIn in = new FuseInitIn();
    private final FuseInitOut out = new FuseInitOut();
    private @Nullable FuseSession begun;

    /** @param windows tells the DAX window that there is now, or null */
    InitNegotiation(FileSystem fileSystem, Supplier<@Nullable DaxWindow> windows) {
        this.fileSystem = fileSystem;
        this.windows = windows;
    }

    /** The session that the last call of {@link #serve} began, or null. */
    @Nullable
    FuseSession begun() {
        return begun;
    }

    /**
     * Serves a FUSE_INIT. The session before it has ended.
     *
     * @return the length of the body, or an errno
     */
    long serve(ReceivedRequest request, Reply reply) {
        begun = null;
        int given = Math.min(request.remaining(), FuseInitIn.SIZE);
        if (given < SHORT_INIT || !reply.admits(FuseInitOut.SIZE)) {
            return -Errno.EINVAL;
        }
        in.at(request.head(), request.arguments(given), request.order());
        int major = in.major();
        int minor = in.minor();
        out.at(reply.body(FuseInitOut.SIZE), 0, reply.order());
        out.major(MAJOR).minor(MINOR);
        if (Integer.compareUnsigned(major, MAJOR) > 0) {
            // The client now knows our version, and asks again in that.
            return FuseInitOut.SIZE;
        }
        if (major < MAJOR || Integer.compareUnsigned(minor, OLDEST_MINOR) < 0) {
            LOG.log(
                    Level.WARNING,
                    "The guest speaks FUSE {0}.{1}, and the oldest that is served is {2}.{3}: it needs a newer kernel.",
                    Integer.toUnsignedString(major),
                    Integer.toUnsignedString(minor),
                    MAJOR,
                    OLDEST_MINOR);
            return -Errno.EPROTO;
        }
        long offered = Integer.toUnsignedLong(in.flags());
        if ((offered & FuseInitFlags.INIT_EXT) != 0 && given == FuseInitIn.SIZE) {
            offered |= (long) in.flags2() << Integer.SIZE;
        }
        // QEMU speaks of windows for a device without one too; this flag says whether the client found one.
        // A Linux that is told which files are for a window, and has none, forgets each of them when it is closed.
        DaxWindow window = (offered & FuseInitFlags.MAP_ALIGNMENT) == 0 ? null : windows.get();
        long possible = ~(NOT_OVER_VIRTIO | (window == null ? WINDOW_FLAGS : NOT_WITH_WINDOW));
        FileSystemSession session = fileSystem.begin(offered & possible);
        try {
            begin(request, session, window, minor, offered, possible);
        } catch (RuntimeException | Error failure) {
            begun = null;
            session.close();
            throw failure;
        }
        return FuseInitOut.SIZE;
    }

    private void begin(
            ReceivedRequest request,
            FileSystemSession session,
            @Nullable DaxWindow window,
            int minor,
            long offered,
            long possible) {
        long flags = (session.flags() & possible) | DEVICE_FLAGS;
        FileSystemSession served = session;
        if (window != null) {
            served = new DaxSession(session, window);
            flags |= FuseInitFlags.MAP_ALIGNMENT;
        }
        flags &= offered;
        begun = new FuseSession(served, request.order(), minor, flags);
        out.maxReadahead(in.maxReadahead())
                .flags((int) flags)
                .maxBackground(MAX_BACKGROUND)
                .congestionThreshold(CONGESTION_THRESHOLD)
                .maxWrite(MAX_WRITE)
                .timeGran(session.timeGranularity())
                .maxPages(MAX_PAGES)
                .mapAlignment(window == null ? 0 : Integer.numberOfTrailingZeros(DaxWindow.PAGE))
                .flags2((int) (flags >>> Integer.SIZE));
    }
}
