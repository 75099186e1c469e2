package dev.oriel.app.watch;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.oriel.app.command.CommandFailed;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A status as it was told at one moment: its members, by the names of the document. */
record StatusSnapshot(Map<String, Object> members) {
    static StatusSnapshot parse(String json) throws CommandFailed {
        try {
            return new StatusSnapshot(JSON.std.mapFrom(json));
        } catch (IOException malformed) {
            throw new CommandFailed("the server's answer is no status: " + malformed.getMessage(), malformed);
        }
    }

    List<StatusSnapshot> list(String name) {
        return members.get(name) instanceof List<?> list
                ? list.stream().map(StatusSnapshot::of).toList()
                : List.of();
    }

    /** A member that has members. */
    StatusSnapshot member(String name) {
        return of(members.get(name));
    }

    /** The members that have members, by name. */
    Map<String, StatusSnapshot> all(String name) {
        Map<String, StatusSnapshot> all = new LinkedHashMap<>();
        member(name).members.forEach((key, value) -> all.put(key, of(value)));
        return all;
    }

    private static StatusSnapshot of(@Nullable Object value) {
        Map<String, Object> members = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, member) -> members.put(String.valueOf(key), member));
        }
        return new StatusSnapshot(members);
    }

    long number(String name) {
        return members.get(name) instanceof Number number ? number.longValue() : 0;
    }

    double real(String name) {
        return members.get(name) instanceof Number number ? number.doubleValue() : 0;
    }

    String text(String name) {
        Object value = members.get(name);
        return value == null ? "" : value.toString();
    }

    List<Long> numbers(String name) {
        return members.get(name) instanceof List<?> list
                ? list.stream()
                        .map(each -> each instanceof Number number ? number.longValue() : 0L)
                        .toList()
                : List.of();
    }
}
