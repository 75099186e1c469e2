package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicNode;

/** Every operation on files by real system calls in a guest, held against what the same calls do on a local folder. */
final class OperationCases {
    private static @Nullable OperationCases proven;

    private final List<String> natively;

    private OperationCases(List<String> natively) {
        this.natively = natively;
    }

    /** Runs the cases on a local folder, once, where all must do well: one that does not is wrong itself. */
    static synchronized OperationCases proveOnALocalFolder() throws IOException, InterruptedException {
        OperationCases cases = proven;
        if (cases == null) {
            List<String> natively = NativeProgram.cases(SharedFolder.KIT, "operations", OptionSet.EVERYTHING);
            assertThat(natively).noneMatch(line -> line.startsWith("not ok ")).contains("cases end");
            cases = new OperationCases(natively);
            proven = cases;
        }
        return cases;
    }

    DynamicNode in(GuestKind kind, OptionSet set, UnaryOperator<Share> change) {
        return in(kind, set, change, () -> SharedFolder.serve(set.options()));
    }

    /** The same on a share that is served in another way. */
    DynamicNode in(GuestKind kind, OptionSet set, UnaryOperator<Share> change, Callable<SharedFolder> folder) {
        return GuestCases.container(
                kind + ", " + set,
                () -> {
                    try (SharedFolder shared = folder.call()) {
                        String script = GuestProgram.run("operations", "/mnt/work " + set.withFeatures());
                        List<String> lines =
                                shared.run(shared.guest(kind, change, script).processors(2));
                        assertThat(shared.server().isAlive())
                                .as("the server lives")
                                .isTrue();
                        shared.server().stop();
                        return lines;
                    }
                },
                natively);
    }
}
