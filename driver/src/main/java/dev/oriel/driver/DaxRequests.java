package dev.oriel.driver;

import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.fuse.FuseRemovemappingIn;
import dev.oriel.fuse.FuseRemovemappingOne;
import dev.oriel.fuse.FuseSetupmappingIn;
import dev.oriel.linux.Errno;

/**
 * The requests by which a device maps files in its window, and takes them away (virtio 1.4, section 5.11.6.4). Any
 * thread.
 */
final class DaxRequests {
    private final DriverSession session;

    DaxRequests(DriverSession session) {
        this.session = session;
    }

    /** SETUPMAPPING of one slot of an extent. What was mapped there is replaced. */
    void setUp(DaxExtent extent, int index, boolean writable) throws FuseException {
        ClientRequest request = session.queue().acquire().begin(FuseOpcode.SETUPMAPPING, extent.nodeid);
        request.argument(new FuseSetupmappingIn())
                .fh(FuseClient.NO_HANDLE)
                .foffset(extent.fileOffset + index * DaxDevice.SLOT_SIZE)
                .len(DaxDevice.SLOT_SIZE)
                .flags(FuseFlags.SETUPMAPPING_READ | (writable ? FuseFlags.SETUPMAPPING_WRITE : 0))
                .moffset((extent.firstSlot + index) * DaxDevice.SLOT_SIZE);
        FuseClient.call(request).release();
    }

    /**
     * REMOVEMAPPING of an extent. That it could not be sent, or that a device could not, is no reason to stop: what is
     * mapped there next replaces it.
     *
     * @return false if the device did not answer in time. It may still do it, at any time: the slots must not be used
     *     any more.
     */
    boolean takeDown(DaxExtent extent) {
        boolean answered = true;
        int most = (ClientRequest.ARGUMENTS_MAX - FuseRemovemappingIn.SIZE) / FuseRemovemappingOne.SIZE;
        for (int from = 0; from < extent.slotCount; from += most) {
            int count = Math.min(most, extent.slotCount - from);
            ClientRequest request = session.queue().acquireOrNull();
            if (request == null) {
                break;
            }
            request.begin(FuseOpcode.REMOVEMAPPING, extent.nodeid);
            request.argument(new FuseRemovemappingIn()).count(count);
            for (int i = 0; i < count; i++) {
                request.argument(new FuseRemovemappingOne())
                        .moffset((extent.firstSlot + from + i) * DaxDevice.SLOT_SIZE)
                        .len(DaxDevice.SLOT_SIZE);
            }
            answered &= request.queue.call(request) != -Errno.ETIMEDOUT;
            request.release();
        }
        return answered;
    }
}
