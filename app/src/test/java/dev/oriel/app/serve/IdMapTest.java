package dev.oriel.app.serve;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranges of ids as they are typed. */
class IdMapTest {
    @Test
    void rangesThatDoNotMeetAreTaken() {
        assertThatCode(() -> IdMap.check("--uid-map", List.of(":0:1000:1:", "/1/100000/65535", ":65536:4294967295:1:")))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        ":0:1:2: :5:2:1:, :0:1:2: and :5:2:1: overlap",
        ":0:1:2: :1:9:1:, overlap",
        ":0:4294967295:2:, ids end at 4294967295",
        "0:1:2, it is :INSIDE:OUTSIDE:COUNT:",
        ":0:1:, it is :INSIDE:OUTSIDE:COUNT:",
        ":0:1:0:, it is :INSIDE:OUTSIDE:COUNT:",
        ":0:-1:2:, it is :INSIDE:OUTSIDE:COUNT:"
    })
    void rangesThatCannotBeAreRefused(String typed, String reason) {
        assertThatThrownBy(() -> IdMap.check("--uid-map", List.of(typed.split(" ", -1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--uid-map")
                .hasMessageContaining(reason);
    }
}
