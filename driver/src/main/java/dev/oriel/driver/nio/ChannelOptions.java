package dev.oriel.driver.nio;

import dev.oriel.linux.OpenFlags;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** How a channel is opened, as {@link java.nio.channels.FileChannel#open} has it. */
record ChannelOptions(
        boolean reads,
        boolean writes,
        boolean appends,
        boolean truncates,
        boolean creates,
        boolean createsNew,
        boolean follows,
        boolean deletes,
        boolean syncs,
        boolean syncsMetadata) {

    /**
     * @throws UnsupportedOperationException if one is not known here
     * @throws IllegalArgumentException if they contradict each other
     */
    static ChannelOptions of(Set<? extends OpenOption> options) {
        for (OpenOption option : options) {
            if (!(option instanceof StandardOpenOption) && option != LinkOption.NOFOLLOW_LINKS) {
                throw new UnsupportedOperationException("the option " + option + " is not known");
            }
        }
        boolean append = options.contains(StandardOpenOption.APPEND);
        boolean write = append || options.contains(StandardOpenOption.WRITE);
        boolean read = options.contains(StandardOpenOption.READ);
        boolean truncate = options.contains(StandardOpenOption.TRUNCATE_EXISTING);
        if (append && (read || truncate)) {
            throw new IllegalArgumentException("APPEND goes neither with READ nor with TRUNCATE_EXISTING");
        }
        boolean syncMetadata = options.contains(StandardOpenOption.SYNC);
        return new ChannelOptions(
                read || !write,
                write,
                append,
                write && truncate,
                write && options.contains(StandardOpenOption.CREATE),
                write && options.contains(StandardOpenOption.CREATE_NEW),
                !options.contains(LinkOption.NOFOLLOW_LINKS),
                options.contains(StandardOpenOption.DELETE_ON_CLOSE),
                syncMetadata || options.contains(StandardOpenOption.DSYNC),
                syncMetadata);
    }

    /** The flags of OPEN and CREATE. */
    int flags() {
        int access = !writes ? OpenFlags.O_RDONLY : reads ? OpenFlags.O_RDWR : OpenFlags.O_WRONLY;
        return access | (appends ? OpenFlags.O_APPEND : 0);
    }
}
