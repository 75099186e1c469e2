package dev.oriel.device.event;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A range of a file that comes into the DAX window (SETUPMAPPING), for Java Flight Recorder. */
@Name("dev.oriel.Mapping")
@Label("Mapping")
@Category("Oriel")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
public final class MappingEvent extends Event {
    private static final MappingEvent PROBE = new MappingEvent();

    @Label("Node")
    private long node;

    @Label("Offset in the file")
    private long fileOffset;

    @Label("Length")
    @DataAmount
    private long length;

    @Label("Offset in the window")
    private long windowOffset;

    @Label("Errno")
    private int errno;

    private MappingEvent() {}

    /** A range is asked for: null unless a recording wants to know. */
    public static @Nullable MappingEvent start() {
        if (!PROBE.isEnabled()) {
            return null;
        }
        MappingEvent event = new MappingEvent();
        event.begin();
        return event;
    }

    /** The range is there, or {@code result} is an errno. */
    public void answered(long nodeid, long fileOffset, long length, long windowOffset, long result) {
        end();
        if (shouldCommit()) {
            node = nodeid;
            this.fileOffset = fileOffset;
            this.length = length;
            this.windowOffset = windowOffset;
            errno = (int) -Math.min(result, 0);
            commit();
        }
    }
}
