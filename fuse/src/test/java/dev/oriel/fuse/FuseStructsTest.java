package dev.oriel.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every field of every structure lies where the C compiler puts it, in both byte orders: fuse_structs.txt is its word.
 */
class FuseStructsTest {
    private static final int ROOM = 512;
    private static final int BASE = 24;

    /** Structures that nothing here uses: notifications, CUSE, io_uring, passthrough. */
    private static final Set<String> WITHOUT_CLASS = Set.of(
            "fuse_backing_map",
            "fuse_direntplus",
            "fuse_ioctl_iovec",
            "fuse_notify_delete_out",
            "fuse_notify_inval_entry_out",
            "fuse_notify_inval_inode_out",
            "fuse_notify_poll_wakeup_out",
            "fuse_notify_prune_out",
            "fuse_notify_retrieve_in",
            "fuse_notify_retrieve_out",
            "fuse_notify_store_out",
            "fuse_statfs_out",
            "fuse_syncfs_in",
            "fuse_uring_ent_in_out",
            "fuse_uring_req_header",
            "cuse_init_in",
            "cuse_init_out");

    /** A row: {@code fuse_x 24: field@offset:type ...}. */
    record Row(String name, int size, List<Field> fields) {
        String className() {
            return "dev.oriel.fuse." + camel(name, true);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    record Field(String name, int offset, String type) {
        String method() {
            return camel(name, false);
        }

        int bytes() {
            return switch (type) {
                case "u16" -> 2;
                case "u32", "s32" -> 4;
                case "u64", "s64" -> 8;
                default -> 0;
            };
        }

        boolean isReserved() {
            return name.matches("_*(padding|dummy|unused|reserved|spare)\\d*");
        }
    }

    private static String camel(String name, boolean upper) {
        StringBuilder camel = new StringBuilder();
        boolean next = upper;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '_') {
                next = true;
            } else {
                camel.append(next ? Character.toUpperCase(c) : c);
                next = false;
            }
        }
        return camel.toString();
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        try (InputStream in = FuseStructsTest.class.getResourceAsStream("fuse_structs.txt")) {
            assertThat(in).isNotNull();
            for (String line : new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .toList()) {
                String[] words = line.strip().split("[ :]+", 3);
                List<Field> fields = new ArrayList<>();
                for (String field : words[2].split(" ", -1)) {
                    String[] parts = field.split("[@:]", 3);
                    fields.add(new Field(parts[0], Integer.parseInt(parts[1]), parts[2]));
                }
                rows.add(new Row(words[0], Integer.parseInt(words[1]), fields));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return rows;
    }

    static List<Row> structures() {
        return rows().stream().filter(row -> !WITHOUT_CLASS.contains(row.name)).toList();
    }

    @Test
    void theTableIsWhole() {
        Set<String> names = new TreeSet<>();
        rows().forEach(row -> names.add(row.name));
        assertThat(names).hasSize(75).containsAll(WITHOUT_CLASS);
    }

    @ParameterizedTest
    @MethodSource("structures")
    void fieldsLieWhereTheCompilerPutsThem(Row row) throws Exception {
        Class<? extends FuseStruct> type = Class.forName(row.className()).asSubclass(FuseStruct.class);
        assertThat(type.getField("SIZE").getInt(null)).as("size").isEqualTo(row.size);
        for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
            FuseStruct struct = type.getDeclaredConstructor().newInstance();
            assertThat(struct.structSize()).isEqualTo(row.size);
            for (Field field : row.fields) {
                if (field.isReserved()) {
                    continue;
                }
                if (field.bytes() > 0) {
                    checkGetter(struct, field, order);
                    checkSetter(struct, field, order);
                } else if (field.type.startsWith("fuse_")) {
                    checkEmbedded(struct, field, order);
                }
            }
        }
    }

    private static MemorySegment pattern() {
        MemorySegment memory = Arena.ofAuto().allocate(ROOM);
        for (int i = 0; i < ROOM; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 37 + 200));
        }
        return memory;
    }

    private static long expected(MemorySegment memory, int offset, int bytes, ByteOrder order) {
        ByteBuffer view = memory.asByteBuffer().order(order);
        return switch (bytes) {
            case 2 -> Short.toUnsignedLong(view.getShort(offset));
            case 4 -> view.getInt(offset);
            default -> view.getLong(offset);
        };
    }

    private static void checkGetter(FuseStruct struct, Field field, ByteOrder order) throws Exception {
        MemorySegment memory = pattern();
        struct.at(memory, BASE, order);
        Method getter = struct.getClass().getMethod(field.method());
        assertThat(((Number) getter.invoke(struct)).longValue())
                .as("%s in %s", field.name, order)
                .isEqualTo(expected(memory, BASE + field.offset, field.bytes(), order));
    }

    private static void checkSetter(FuseStruct struct, Field field, ByteOrder order) throws Exception {
        MemorySegment memory = Arena.ofAuto().allocate(ROOM);
        struct.at(memory, BASE, order);
        boolean wide = field.bytes() == 8;
        Method setter = struct.getClass().getMethod(field.method(), wide ? long.class : int.class);
        long value = field.bytes() == 2 ? 0xf1f2L : wide ? 0xf1f2_f3f4_f5f6_f7f8L : (int) 0xf1f2_f3f4L;
        assertThat(setter.invoke(struct, wide ? (Object) value : (Object) (int) value))
                .isSameAs(struct);
        assertThat(expected(memory, BASE + field.offset, field.bytes(), order))
                .as("%s in %s", field.name, order)
                .isEqualTo(value);
        for (int i = 0; i < ROOM; i++) {
            if (i < BASE + field.offset || i >= BASE + field.offset + field.bytes()) {
                assertThat(memory.get(ValueLayout.JAVA_BYTE, i))
                        .as("byte %d beside %s", i - BASE, field.name)
                        .isZero();
            }
        }
    }

    private static void checkEmbedded(FuseStruct struct, Field field, ByteOrder order) throws Exception {
        MemorySegment memory = pattern();
        struct.at(memory, BASE, order);
        FuseStruct part =
                (FuseStruct) struct.getClass().getMethod(field.method()).invoke(struct);
        Row row = rows().stream()
                .filter(each -> each.name.equals(field.type))
                .findAny()
                .orElseThrow();
        Field first = row.fields.getFirst();
        assertThat(((Number) part.getClass().getMethod(first.method()).invoke(part)).longValue())
                .as("%s in %s", field.name, order)
                .isEqualTo(expected(memory, BASE + field.offset + first.offset, first.bytes(), order));
    }

    @ParameterizedTest
    @MethodSource("structures")
    void clearTouchesTheStructureOnly(Row row) throws Exception {
        FuseStruct struct = Class.forName(row.className())
                .asSubclass(FuseStruct.class)
                .getDeclaredConstructor()
                .newInstance();
        MemorySegment memory = pattern();
        struct.at(memory, BASE, ByteOrder.nativeOrder());
        struct.clear();
        MemorySegment untouched = pattern();
        for (int i = 0; i < ROOM; i++) {
            boolean inside = i >= BASE && i < BASE + row.size;
            assertThat(memory.get(ValueLayout.JAVA_BYTE, i))
                    .isEqualTo(inside ? (byte) 0 : untouched.get(ValueLayout.JAVA_BYTE, i));
        }
    }
}
