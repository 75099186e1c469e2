package dev.oriel.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.fuse.FuseIoctlIn;
import dev.oriel.fuse.FuseIoctlOut;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.linux.Errno;
import java.lang.foreign.MemorySegment;

/** Rare operations. Any thread. */
public final class FileControls {
    private static final int IOCTL_MAX = 16 * 1024;

    private final DriverSession session;

    FileControls(DriverSession session) {
        this.session = session;
    }

    /**
     * IOCTL with an argument of fixed size, as the number of the command says.
     *
     * @param flags of {@link dev.oriel.fuse.FuseFlags}: IOCTL_DIR for a directory
     * @param in what the device gets
     * @param outSize most bytes that come back
     * @return what comes back, in the byte order of the session
     */
    public byte[] ioctl(OpenFile file, int flags, int command, byte[] in, int outSize) throws FuseException {
        if (in.length > IOCTL_MAX || outSize < 0 || outSize > IOCTL_MAX) {
            throw new IllegalArgumentException("an ioctl with " + in.length + " bytes in and " + outSize
                    + " out; it takes at most " + IOCTL_MAX + " each way");
        }
        try (DriverBuffer buffer = session.allocate(2 * IOCTL_MAX)) {
            ClientRequest request = session.queue().acquire().begin(FuseOpcode.IOCTL, file.nodeid());
            request.argument(new FuseIoctlIn())
                    .fh(file.fh())
                    .flags(flags)
                    .cmd(command)
                    .inSize(in.length)
                    .outSize(outSize);
            MemorySegment.copy(in, 0, buffer.segment(), JAVA_BYTE, 0, in.length);
            request.payload(buffer, 0, in.length).reply(FuseIoctlOut.SIZE, FuseIoctlOut.SIZE);
            FuseClient.call(request.room(buffer, IOCTL_MAX, outSize));
            int result = request.reply(new FuseIoctlOut()).result();
            int length = request.replyLength() - FuseIoctlOut.SIZE;
            String what = request.toString();
            request.release();
            if (result < 0) {
                throw new FuseException(what, result == Integer.MIN_VALUE ? Errno.EIO : -result);
            }
            return buffer.segment().asSlice(IOCTL_MAX, length).toArray(JAVA_BYTE);
        }
    }
}
