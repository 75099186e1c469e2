package dev.oriel.linux;

/**
 * Translates what a thread has thrown into what others need of it: an errno for who waits for an answer, and one line
 * for the log. Whoever serves somebody catches every {@link Throwable} and asks here.
 *
 * <p>The JVM reports a page of mapped memory that is gone (SIGBUS: somebody truncated the file behind it) by an
 * {@link InternalError}. Compiled code raises it some statements later than the access: in another method, after
 * another system call, perhaps not before the next request.
 */
public final class Failure {
    private Failure() {}

    /** The negative errno for a request that was under way: EFAULT, ENOMEM or EIO. */
    public static int errno(Throwable thrown) {
        return switch (thrown) {
            case InternalError _ -> -Errno.EFAULT;
            case OutOfMemoryError _ -> -Errno.ENOMEM;
            default -> -Errno.EIO;
        };
    }

    /** What happened, for people: part of a sentence, without a stack trace. */
    public static String reason(Throwable thrown) {
        return switch (thrown) {
            case InternalError lost -> "memory of the guest is gone under it: " + lost.getMessage();
            case OutOfMemoryError spent ->
                "this process has no memory or no threads left (" + spent.getMessage()
                        + "): serve fewer guests, or raise the limits of the process";
            case LinuxException failed -> String.valueOf(failed.getMessage());
            default -> "this is a bug in Oriel, please report it: " + thrown;
        };
    }
}
