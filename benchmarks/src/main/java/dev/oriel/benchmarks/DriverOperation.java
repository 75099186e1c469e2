package dev.oriel.benchmarks;

import dev.oriel.driver.ClientRequest;
import dev.oriel.fuse.FuseCreateIn;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseOpcode;
import dev.oriel.fuse.FuseOpenIn;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.fuse.FuseReadIn;
import dev.oriel.fuse.FuseReleaseIn;
import dev.oriel.linux.OpenFlags;

/**
 * What {@link DriverBenchmark} asks of a server: an operation of one or more requests, each after the reply to the one
 * before.
 */
public enum DriverOperation {
    GETATTR("GETATTR", 1, 0) {
        @Override
        void request(DriverFiles share, RequestSlot slot, ClientRequest request, int step) {
            request.getattr(share.nodeids[slot.next(DriverFiles.FILES)]);
        }
    },
    LOOKUP("LOOKUP", 1, 0) {
        @Override
        void request(DriverFiles share, RequestSlot slot, ClientRequest request, int step) {
            request.begin(FuseOpcode.LOOKUP, share.folder)
                    .name(share.names[slot.next(DriverFiles.FILES)])
                    .reply(FuseEntryOut.SIZE, FuseEntryOut.SIZE);
        }
    },
    READDIRPLUS("READDIRPLUS 32 KiB", 1, 32 << 10) {
        @Override
        void request(DriverFiles share, RequestSlot slot, ClientRequest request, int step) {
            request.begin(FuseOpcode.READDIRPLUS, share.folder)
                    .argument(new FuseReadIn())
                    .fh(share.listed.fh())
                    .size(LISTED);
            request.room(slot.buffer, 0, LISTED);
        }
    },
    READ_4K("READ 4 KiB", 1, 4096) {
        @Override
        void request(DriverFiles share, RequestSlot slot, ClientRequest request, int step) {
            long position = (long) slot.next(DriverFiles.LARGE_BYTES / SMALL) * SMALL;
            request.read(share.large.nodeid(), share.large.fh(), position, slot.buffer, 0, SMALL);
        }
    },
    READ_1M("READ 1 MiB", 1, 1 << 20) {
        @Override
        void request(DriverFiles share, RequestSlot slot, ClientRequest request, int step) {
            long position = (long) slot.next(DriverFiles.LARGE_BYTES / LARGE) * LARGE;
            request.read(share.large.nodeid(), share.large.fh(), position, slot.buffer, 0, LARGE);
        }
    },
    WRITE_4K("WRITE 4 KiB", 1, 4096) {
        @Override
        void request(DriverFiles share, RequestSlot slot, ClientRequest request, int step) {
            long position = (long) slot.next(DriverFiles.LARGE_BYTES / SMALL) * SMALL;
            request.write(share.large.nodeid(), share.large.fh(), position, slot.buffer, 0, SMALL);
        }
    },
    OPEN("OPEN + RELEASE", 2, 0) {
        @Override
        void request(DriverFiles share, RequestSlot slot, ClientRequest request, int step) {
            if (step == 0) {
                slot.nodeid = share.nodeids[slot.next(DriverFiles.FILES)];
                request.begin(FuseOpcode.OPEN, slot.nodeid)
                        .argument(new FuseOpenIn())
                        .flags(OpenFlags.O_RDONLY);
                request.reply(FuseOpenOut.SIZE, FuseOpenOut.SIZE);
            } else {
                long fh = request.reply(new FuseOpenOut()).fh();
                request.begin(FuseOpcode.RELEASE, slot.nodeid)
                        .argument(new FuseReleaseIn())
                        .fh(fh);
            }
        }
    },
    CREATE("CREATE + RELEASE + UNLINK", 3, 0) {
        @Override
        void request(DriverFiles share, RequestSlot slot, ClientRequest request, int step) {
            if (step == 0) {
                request.begin(FuseOpcode.CREATE, share.folder)
                        .argument(new FuseCreateIn())
                        .flags(OpenFlags.O_RDWR | OpenFlags.O_CREAT)
                        .mode(MODE);
                int size = FuseEntryOut.SIZE + FuseOpenOut.SIZE;
                request.name(slot.ownName).reply(size, size);
            } else if (step == 1) {
                slot.nodeid = request.reply(new FuseEntryOut()).nodeid();
                long fh = request.reply(new FuseOpenOut(), FuseEntryOut.SIZE).fh();
                request.begin(FuseOpcode.RELEASE, slot.nodeid)
                        .argument(new FuseReleaseIn())
                        .fh(fh);
            } else {
                request.begin(FuseOpcode.UNLINK, share.folder).name(slot.ownName);
            }
        }

        // as every guest does: a server that remembers all of these files is in a state that none brings it to
        @Override
        void end(DriverFiles share, RequestSlot slot) {
            share.client.forget(slot.nodeid, 1);
        }
    };

    private static final int LARGE = 1 << 20;
    private static final int SMALL = 4096;
    private static final int LISTED = 32 << 10;
    private static final int MODE = 0100644;

    final String text;
    final int steps;

    /** Memory that a request needs for data. */
    final int bufferBytes;

    DriverOperation(String text, int steps, int bufferBytes) {
        this.text = text;
        this.steps = steps;
        this.bufferBytes = bufferBytes;
    }

    /** The requests of this operation on a share. */
    RequestSource source(DriverFiles share) {
        return new RequestSource() {
            @Override
            public int steps() {
                return steps;
            }

            @Override
            public void request(RequestSlot slot, ClientRequest request, int step) {
                DriverOperation.this.request(share, slot, request, step);
            }

            @Override
            public void end(RequestSlot slot) {
                DriverOperation.this.end(share, slot);
            }
        };
    }

    /** Writes the request of a step over the reply to the step before. */
    abstract void request(DriverFiles share, RequestSlot slot, ClientRequest request, int step);

    /** The reply to the last step came. */
    void end(DriverFiles share, RequestSlot slot) {}
}
