package dev.oriel.linux;
/** Error numbers. */
public final class Errno {
    private Errno() {}

    public static final int EPERM = 1;
}
