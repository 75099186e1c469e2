package dev.oriel.device.event;

import dev.oriel.fuse.FuseOpcode;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import org.jspecify.annotations.Nullable;

/** A request that took long, for Java Flight Recorder; the threshold is the recording's to set. */
@Name("dev.oriel.Request")
@Label("Request")
@Category("Oriel")
@Description("A FUSE request, from the ring to the answer")
@Threshold("20 ms")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
public final class RequestEvent extends Event {
    private static final RequestEvent PROBE = new RequestEvent();

    @Label("Opcode")
    private String opcode = "";

    @Label("Node")
    private long node;

    @Label("Errno")
    private int errno;

    @Label("Bytes of file data")
    @DataAmount
    private long bytes;

    private RequestEvent() {}

    /** A request begins: null unless a recording wants to know. Nothing is allocated then. */
    public static @Nullable RequestEvent start() {
        if (!PROBE.isEnabled()) {
            return null;
        }
        RequestEvent event = new RequestEvent();
        event.begin();
        return event;
    }

    /** The request is answered. */
    public void answered(int opcode, long nodeid, long result, long moved) {
        end();
        if (shouldCommit()) {
            this.opcode = FuseOpcode.name(opcode);
            node = nodeid;
            errno = (int) -Math.min(result, 0);
            bytes = moved;
            commit();
        }
    }
}
