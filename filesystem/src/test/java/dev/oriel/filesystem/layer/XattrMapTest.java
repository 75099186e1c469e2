package dev.oriel.filesystem.layer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.local.Client;
import dev.oriel.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class XattrMapTest {
    private final Name name = new Name(Arena.ofAuto().allocate(300));
    private final Name mapped = new Name(Arena.ofAuto().allocate(256));

    private String toHost(XattrMap map, String text) {
        int result = map.toHost(Client.name(name, text), mapped);
        return result < 0 ? Errno.name(-result) : mapped.toString();
    }

    private static String toClient(XattrMap map, String text) {
        byte[] bytes = ("before" + text).getBytes(UTF_8);
        int leftOut = map.toClient(MemorySegment.ofArray(bytes), 6, bytes.length - 6);
        return leftOut < 0 ? "hidden" : text.substring(leftOut);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ":map::user.virtiofs.:",
                ":prefix:all::user.virtiofs.::bad:all:::",
                " \n/prefix/all//user.virtiofs./ \t:bad:all:::\n"
            })
    void everythingCanLiveUnderAPrefix(String rules) {
        XattrMap map = XattrMap.parse(rules);
        assertThat(toHost(map, "security.capability")).isEqualTo("user.virtiofs.security.capability");
        assertThat(toHost(map, "user.virtiofs.a")).isEqualTo("user.virtiofs.user.virtiofs.a");
        assertThat(toClient(map, "user.virtiofs.trusted.a")).isEqualTo("trusted.a");
        assertThat(toClient(map, "user.virtiofs.")).isEqualTo("hidden");
        assertThat(toClient(map, "user.a")).isEqualTo("hidden");
        assertThat(toClient(map, "security.selinux")).isEqualTo("hidden");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/map/trusted./user.virtiofs./", """
                /prefix/all/trusted./user.virtiofs./
                /bad/server//trusted./
                /bad/client/user.virtiofs.//
                /ok/all///
                """})
    void oneKindCanLiveUnderAPrefix(String rules) {
        XattrMap map = XattrMap.parse(rules);
        assertThat(toHost(map, "trusted.a")).isEqualTo("user.virtiofs.trusted.a");
        assertThat(toHost(map, "user.virtiofs.trusted.a")).isEqualTo("EPERM");
        assertThat(toHost(map, "user.a")).isEqualTo("user.a");
        assertThat(toHost(map, "security.capability")).isEqualTo("security.capability");
        assertThat(toClient(map, "user.virtiofs.trusted.a")).isEqualTo("trusted.a");
        assertThat(toClient(map, "trusted.a")).isEqualTo("hidden");
        assertThat(toClient(map, "user.a")).isEqualTo("user.a");
    }

    @Test
    void someCanBeHiddenOrUnsupported() {
        XattrMap map = XattrMap.parse(
                "/bad/all/security.ima/security.ima/ ;unsupported;all;security.selinux;security.selinux; /ok/all///");
        assertThat(toHost(map, "security.ima")).isEqualTo("EPERM");
        assertThat(toHost(map, "security.selinux")).isEqualTo("EOPNOTSUPP");
        assertThat(toHost(map, "security.capability")).isEqualTo("security.capability");
        assertThat(toClient(map, "security.ima")).isEqualTo("hidden");
        assertThat(toClient(map, "security.selinux")).isEqualTo("hidden");
        assertThat(toClient(map, "user.a")).isEqualTo("user.a");
    }

    @Test
    void theFirstRuleThatMatchesCounts() {
        XattrMap map =
                XattrMap.parse(":ok:client:user.a:: :bad:client:user.:: :ok:client::: :bad:server::x: :ok:server:::");
        assertThat(toHost(map, "user.ab")).isEqualTo("user.ab");
        assertThat(toHost(map, "user.b")).isEqualTo("EPERM");
        assertThat(toClient(map, "user.b")).isEqualTo("user.b");
        assertThat(toClient(map, "x.b")).isEqualTo("hidden");
    }

    @Test
    void aNameThatBecomesTooLongIsOutOfRange() {
        XattrMap map = XattrMap.parse(":map::user.virtiofs.:");
        assertThat(toHost(map, "user." + "x".repeat(236))).hasSize(255);
        assertThat(toHost(map, "user." + "x".repeat(237))).isEqualTo("ERANGE");
        assertThat(toHost(XattrMap.parse(":ok:all:::"), "user." + "x".repeat(251)))
                .isEqualTo("ERANGE");
    }

    @Test
    void itTellsWhatItChanges() {
        assertThat(XattrMap.parse(":map::user.virtiofs.:").movesCapabilities(mapped))
                .isTrue();
        assertThat(mapped).hasToString("user.virtiofs.security.capability");
        assertThat(XattrMap.parse(":map:trusted.:user.virtiofs.:").movesCapabilities(mapped))
                .isFalse();
        assertThat(XattrMap.parse(":bad:all:security.:security.::ok:all:::").movesCapabilities(mapped))
                .isFalse();
        assertThat(XattrMap.parse(":map::user.virtiofs.:").changes("system.posix_acl_access"))
                .isTrue();
        assertThat(XattrMap.parse(":map:trusted.:user.virtiofs.:").changes("system.posix_acl_access"))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '"', textBlock = """
                    "";                                       a name may match no rule
                    " ";                                      a name may match no rule
                    :prefix:all:trusted.:user.virtiofs.:;     a name may match no rule
                    :ok:client:::;                            a name may match no rule
                    :ok:server:::;                            a name may match no rule
                    :ok:all:::x;                              'x' ends early
                    :prefix:all:;                             ':prefix:all:' ends early
                    ok:all:::;                                'ok:all:::' ends early
                    :map::user.virtiofs.;                     ':map::user.virtiofs.' ends early
                    :map:trusted.::;                          there is nothing to prepend
                    :good:all:::;                             there is no type 'good'
                    :ok:guest:::;                             there is no scope 'guest'
                    """)
    void aWrongMapIsExplained(String rules, String reason) {
        assertThatThrownBy(() -> XattrMap.parse(rules))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }
}
