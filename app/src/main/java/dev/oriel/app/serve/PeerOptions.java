package dev.oriel.app.serve;

import java.util.Map;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Options that the Rust virtiofsd has and Oriel has not: whoever types one deserves a better answer than "unknown". */
public final class PeerOptions {
    private static final String MIGRATION = "Oriel does not migrate live: a guest with this share cannot be moved.";

    private static final Map<String, String> ABSENT = Map.of(
            "--migration-mode", MIGRATION,
            "--migration-on-error", MIGRATION,
            "--migration-verify-handles", MIGRATION,
            "--migration-confirm-paths", MIGRATION);

    private PeerOptions() {}

    /** What to say about an option that is refused, or nothing if the peer has no such option either. */
    public static String explain(ParameterException wrong) {
        if (!(wrong instanceof UnmatchedArgumentException unmatched)) {
            return "";
        }
        for (String argument : unmatched.getUnmatched()) {
            int equals = argument.indexOf('=');
            String reason = ABSENT.get(equals < 0 ? argument : argument.substring(0, equals));
            if (reason != null) {
                return reason;
            }
        }
        return "";
    }
}
