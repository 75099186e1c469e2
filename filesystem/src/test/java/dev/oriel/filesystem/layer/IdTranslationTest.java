package dev.oriel.filesystem.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdTranslationTest {
    private static IdTranslation of(String... rules) {
        return IdTranslation.parse(List.of(rules));
    }

    @Test
    void anIdWithoutRuleIsTheSameOnBothSides() {
        IdTranslation ids = of("map:1000:2000:10");
        for (int id : new int[] {0, 999, 1010, 70000, -2, -1}) {
            assertThat(ids.toHost(id)).isEqualTo(Integer.toUnsignedLong(id));
        }
        assertThat(ids.toGuest(1005)).isEqualTo(1005);
        assertThat(of().isEmpty()).isTrue();
        assertThat(ids.isEmpty()).isFalse();
    }

    @Test
    void mapIsGuestAndHost() {
        for (IdTranslation ids : List.of(of("map:0:100000:65536"), of("guest:0:100000:65536", "host:100000:0:65536"))) {
            assertThat(ids.toHost(0)).isEqualTo(100000);
            assertThat(ids.toHost(65535)).isEqualTo(165535);
            assertThat(ids.toHost(65536)).isEqualTo(65536);
            assertThat(ids.toGuest(100000)).isZero();
            assertThat(ids.toGuest(165535)).isEqualTo(65535);
            assertThat(ids.toGuest(165536)).isEqualTo(165536);
        }
    }

    @Test
    void oneDirectionLeavesTheOtherAlone() {
        assertThat(of("guest:5:7:1").toGuest(7)).isEqualTo(7);
        assertThat(of("host:5:7:1").toHost(7)).isEqualTo(7);
        assertThat(of("host:5:7:1").toGuest(5)).isEqualTo(7);
    }

    @Test
    void manyAreSquashedToOne() {
        IdTranslation ids = of("squash-guest:1:1000:4294967294", "squash-host:0:1000:1000");
        assertThat(ids.toHost(0)).isZero();
        assertThat(ids.toHost(1)).isEqualTo(1000);
        assertThat(ids.toHost(-2)).isEqualTo(1000);
        assertThat(ids.toHost(-1)).as("no id").isEqualTo(0xffffffffL);
        assertThat(ids.toGuest(999)).isEqualTo(1000);
        assertThat(ids.toGuest(1001)).isEqualTo(1001);
    }

    @Test
    void aForbiddenIdIsForbidden() {
        IdTranslation ids = of("forbid-guest:100:2", "guest:102:0:1");
        assertThat(ids.toHost(99)).isEqualTo(99);
        assertThat(ids.toHost(100)).isEqualTo(IdTranslation.FORBIDDEN);
        assertThat(ids.toHost(101)).isEqualTo(IdTranslation.FORBIDDEN);
        assertThat(ids.toHost(102)).isZero();
        assertThat(ids.toGuest(100)).isEqualTo(100);
    }

    @Test
    void manyRangesAreFoundInAnyOrder() {
        String[] rules = new String[200];
        for (int i = 0; i < rules.length; i++) {
            int at = i * 37 % rules.length;
            rules[i] = "map:" + at * 10 + ":" + (1_000_000 + at * 10) + ":7";
        }
        IdTranslation ids = of(rules);
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        for (int i = 0; i < 10_000; i++) {
            int id = random.nextInt(2100);
            long expected = id < 2000 && id % 10 < 7 ? 1_000_000 + id : id;
            assertThat(ids.toHost(id)).isEqualTo(expected);
            assertThat(ids.toGuest((int) expected)).isEqualTo(id);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    map                         | it is TYPE:SOURCE:TARGET:COUNT
                    map:0:1000                  | it is TYPE:SOURCE:TARGET:COUNT
                    map:0:1000:1:2              | it is TYPE:SOURCE:TARGET:COUNT
                    forbid-guest:0:0:1          | it is TYPE:SOURCE:TARGET:COUNT
                    :0:1000:1:                  | it is TYPE:SOURCE:TARGET:COUNT
                    both:0:1000:1               | it is TYPE:SOURCE:TARGET:COUNT
                    squash-all:0:1000:1         | it is TYPE:SOURCE:TARGET:COUNT
                    map:x:1000:1                | it is TYPE:SOURCE:TARGET:COUNT
                    map:-1:1000:1               | it is TYPE:SOURCE:TARGET:COUNT
                    map:0:99999999999:1         | it is TYPE:SOURCE:TARGET:COUNT
                    map:0:1000:0                | a range has 1 id or more
                    map:0:4294967295:1          | ids end at 4294967294
                    guest:4294967290:0:6        | ids end at 4294967294
                    squash-guest:0:4294967295:1 | ids end at 4294967294
                    """)
    void aWrongRuleIsNamed(String rule, String reason) {
        assertThatThrownBy(() -> of("map:70000:70000:1", rule))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(rule + ": ")
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource({
        "guest:0:1000:10, guest:9:0:1, guest",
        "map:0:1000:10, forbid-guest:5:1, guest",
        "squash-guest:0:0:100, map:99:5000:1, guest",
        "host:0:1000:10, squash-host:5:0:1, host",
        "map:0:1000:10, map:20:1009:1, host",
        "map:0:1000:10, map:0:1000:10, guest"
    })
    void rulesThatContradictEachOtherAreNamed(String one, String other, String whose) {
        assertThatThrownBy(() -> of(one, other))
                .hasMessageContaining(one)
                .hasMessageContaining(other)
                .hasMessageContaining("overlap")
                .hasMessageContaining("an id of the " + whose);
        assertThatThrownBy(() -> of(other, one)).hasMessageContaining("overlap");
    }
}
