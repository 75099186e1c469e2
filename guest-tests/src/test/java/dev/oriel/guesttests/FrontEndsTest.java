package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKind;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Older front-ends, which speak vhost-user a little differently. */
@Tag("guest")
class FrontEndsTest {
    @ParameterizedTest
    @EnumSource(names = {"X86_64_STABLE", "UML_6_12", "UML_6_1"})
    void anOlderFrontEndIsServed(GuestKind kind) throws Exception {
        OlderKernel.assumeItRuns(kind);
        try (SharedFolder shared = SharedFolder.serve(List.of())) {
            List<String> lines = shared.run(shared.bareGuest(kind, """
                    dd if=/dev/urandom of=/tmp/data bs=1M count=20 2>/dev/null
                    cp /tmp/data data && sync data
                    echo 3 >/proc/sys/vm/drop_caches
                    cmp data /tmp/data && echo SAME
                    mkdir folder && mv data folder/moved && ls folder
                    """));
            assertThat(lines).contains("SAME", "moved");
            assertThat(shared.folder().resolve("folder/moved")).hasSize(20 << 20);
            shared.server().stop();
        }
    }
}
