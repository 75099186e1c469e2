package dev.oriel.app.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class LegacyOptionsTest {
    private static List<String> translate(String... arguments) throws LegacyOptions.Refused {
        return LegacyOptions.translate(List.of(arguments));
    }

    @Test
    void theLineThatOldLibvirtTypesIsUnderstood() throws Exception {
        assertThat(translate("--fd=26", "-o", "source=/srv/data,cache=always,xattr,flock,no_posix_lock"))
                .containsExactly("--fd=26", "--shared-dir=/srv/data", "--cache=always", "--xattr", "--flock");
    }

    @Test
    void valuesOfTheFirstVirtiofsdGetTheirNamesOfToday() throws Exception {
        assertThat(translate("-ocache=none,loglevel=err")).containsExactly("--cache=never", "--log-level=error");
    }

    @Test
    void aLaterSwitchReplacesAnEarlierOne() throws Exception {
        assertThat(translate("-o", "xattr,no_readdirplus", "-o", "no_xattr")).containsExactly("--no-readdirplus");
    }

    @Test
    void otherArgumentsStayAsTheyAre() throws Exception {
        assertThat(translate("serve", "--tag", "a,b", "--", "-o", "xattr"))
                .containsExactly("serve", "--tag", "a,b", "--", "-o", "xattr");
    }

    @Test
    void anUnknownOptionIsRefusedWithTheKnownOnes() {
        assertThatThrownBy(() -> translate("-o", "source=/srv,xatr"))
                .hasMessageContaining("'-o xatr'")
                .hasMessageContaining("xattr");
        assertThatThrownBy(() -> translate("-o", "timeout=3")).hasMessageContaining("'-o timeout='");
        assertThatThrownBy(() -> translate("-o")).hasMessageContaining("needs a value");
    }
}
