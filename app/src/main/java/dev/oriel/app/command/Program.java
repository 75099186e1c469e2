package dev.oriel.app.command;

/** What this program is. */
public final class Program {
    /** Its version, as in the poms. */
    public static final String VERSION = "0.1.0";

    private Program() {}
}
