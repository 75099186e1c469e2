package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Attachment;
import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A DAX window of the QEMU that people use, in each way that its ranges get their content. */
enum Window {
    /** The file's own pages. */
    DIRECT,
    /** Copies of them. */
    STAGED,
    /** Copies in memory that is a BAR of a PCI device of ours, over vfio-user. */
    VFIO_USER;

    private static final Pattern MAPPINGS =
            Pattern.compile("the DAX window had at most (\\d+) mappings at a time; the front-end can bear (\\d+)");

    /** Options of {@code oriel serve}: a window of 64 MiB unless they say another. */
    List<String> options(String... more) {
        List<String> size = Stream.of(more).anyMatch(word -> word.startsWith("--dax-window="))
                ? List.of()
                : List.of("--dax-window=64M");
        return Stream.of(List.of("--dax=" + (this == DIRECT ? "direct" : "staged")), size, List.of(more))
                .flatMap(List::stream)
                .toList();
    }

    /** Serves a folder with these options. */
    SharedFolder serve(String... more) throws IOException, InterruptedException {
        return this == VFIO_USER ? SharedFolder.serveOverVfioUser(options(more)) : SharedFolder.serve(options(more));
    }

    /** By which device a virtual machine has it. */
    Attachment attachment() {
        return this == VFIO_USER ? Attachment.VFIO_USER : Attachment.VHOST_USER_FS;
    }

    /** Attaches the share with its window, and all files go through it. */
    static Share always(Share share) {
        Share attached = share.attachment() == Attachment.VFIO_USER ? share : share.withDaxWindow();
        return attached.withMountOptions("dax=always");
    }

    /** A guest whose files all go through the window. */
    static Guest guest(SharedFolder shared, String script) throws IOException, InterruptedException {
        return guest(GuestKind.X86_64, shared, script);
    }

    /** The same of another kind. */
    static Guest guest(GuestKind kind, SharedFolder shared, String script) throws IOException, InterruptedException {
        return shared.guest(kind, Window::always, script);
    }

    /**
     * What the server's debug log tells about the window of the first session that ended: how many mappings the virtual
     * machine had at a time.
     */
    static void assertMappingsWithinLimit(String log) {
        Matcher line = MAPPINGS.matcher(log);
        assertThat(line.find()).as("the log tells of mappings").isTrue();
        assertThat(Integer.parseInt(line.group(1)))
                .as("the most mappings at a time")
                .isPositive()
                .isLessThanOrEqualTo(Integer.parseInt(line.group(2)));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
