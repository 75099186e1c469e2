package dev.oriel.device.event;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A session of a client, from FUSE_INIT to its end, for Java Flight Recorder. */
@Name("dev.oriel.Session")
@Label("Session")
@Category("Oriel")
@StackTrace(false)
public final class SessionEvent extends Event {
    @Label("What was agreed")
    private final String agreed;

    private SessionEvent(String agreed) {
        this.agreed = agreed;
    }

    /** A session begins; {@code agreed} is the version, the byte order and the flags. */
    public static SessionEvent start(String agreed) {
        SessionEvent event = new SessionEvent(agreed);
        event.begin();
        return event;
    }

    /** What was agreed with the client. */
    public String agreed() {
        return agreed;
    }
}
