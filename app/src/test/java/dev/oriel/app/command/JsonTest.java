package dev.oriel.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void mapsAndListsAreNested() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("list", Arrays.asList(1, 2L, 0.5, true, null));
        map.put("empty", Map.of("a", List.of()));
        assertThat(Json.write(map).replaceAll("\\s", ""))
                .isEqualTo("{\"list\":[1,2,0.5,true,null],\"empty\":{\"a\":[]}}");
    }

    @Test
    void whatWouldBreakAStringIsEscaped() {
        assertThat(Json.write("a\"b\\c\nd\u0001\ud800é😀")).isEqualTo("\"a\\\"b\\\\c\\nd\\u0001\\ud800é😀\"");
    }

    @Test
    void whatJsonDoesNotHaveIsRefused() {
        assertThatThrownBy(() -> Json.write(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    }
}
