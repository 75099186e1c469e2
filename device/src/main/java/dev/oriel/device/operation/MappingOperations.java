package dev.oriel.device.operation;

import dev.oriel.device.dax.DaxSession;
import dev.oriel.device.event.MappingEvent;
import dev.oriel.fuse.FuseRemovemappingIn;
import dev.oriel.fuse.FuseRemovemappingOne;
import dev.oriel.fuse.FuseSetupmappingIn;
import dev.oriel.linux.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** The operations on the DAX window (virtio 1.4, section 5.11.6.5). Each returns 0 or an errno. */
final class MappingOperations {
    private static final Logger LOG = System.getLogger("dev.oriel.device");

    private final FuseSetupmappingIn setupIn = new FuseSetupmappingIn();
    private final FuseRemovemappingIn removeIn = new FuseRemovemappingIn();
    private final FuseRemovemappingOne removeOne = new FuseRemovemappingOne();

    /** The handle in the request is -1 from Linux, and not needed: files are opened by node. */
    long setup(ReceivedRequest request) {
        if (!(request.session().fileSystem() instanceof DaxSession session)) {
            return -Errno.ENOSYS;
        }
        int in = request.arguments(FuseSetupmappingIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        setupIn.at(request.head(), in, request.order());
        MappingEvent event = MappingEvent.start();
        boolean traced = LOG.isLoggable(Level.TRACE);
        long began = traced ? System.nanoTime() : 0;
        long result = session.setupMapping(
                request, request.nodeid(), setupIn.foffset(), setupIn.len(), setupIn.flags(), setupIn.moffset());
        if (event != null && result != Operations.WOULD_BLOCK) {
            event.answered(request.nodeid(), setupIn.foffset(), setupIn.len(), setupIn.moffset(), result);
        }
        if (traced && result != Operations.WOULD_BLOCK) {
            LOG.log(
                    Level.TRACE,
                    "SETUPMAPPING of node {0} at {1} was served ({2}) in {3} ns",
                    Long.toString(request.nodeid()),
                    Long.toString(setupIn.foffset()),
                    -result,
                    Long.toString(System.nanoTime() - began));
        }
        return result;
    }

    /** A count and as many ranges behind it; all are taken away, and the first error is told. */
    long remove(ReceivedRequest request) {
        if (!(request.session().fileSystem() instanceof DaxSession session)) {
            return -Errno.ENOSYS;
        }
        int in = request.arguments(FuseRemovemappingIn.SIZE);
        if (in < 0) {
            return -Errno.EINVAL;
        }
        removeIn.at(request.head(), in, request.order());
        int count = removeIn.count();
        if (count < 0 || count > request.remaining() / FuseRemovemappingOne.SIZE) {
            return -Errno.EINVAL;
        }
        int error = 0;
        for (int i = 0; i < count; i++) {
            removeOne.at(request.head(), request.arguments(FuseRemovemappingOne.SIZE), request.order());
            int failed = session.removeMapping(request, removeOne.moffset(), removeOne.len());
            if (failed == Operations.WOULD_BLOCK) {
                return failed;
            }
            error = error == 0 ? failed : error;
        }
        return error;
    }
}
