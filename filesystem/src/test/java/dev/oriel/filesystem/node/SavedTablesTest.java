package dev.oriel.filesystem.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.filesystem.node.HandleTable.HandleForm;
import dev.oriel.filesystem.node.InodeTableForm.AsideForm;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a client knows by number it knows by the same number after a table was saved and restored. */
class SavedTablesTest {
    private static final long[] WORDS = {7, 8};
    private static final int ENTRIES_BYTES = 1 << 20;

    private record Text(String text) implements Aside {
        @Override
        public long heapBytes() {
            return 100;
        }
    }

    private static final AsideForm TEXTS = new AsideForm() {
        @Override
        public void write(Aside aside, DataOutput out) throws IOException {
            out.writeUTF(((Text) aside).text());
        }

        @Override
        public Aside read(DataInput in) throws IOException {
            return new Text(in.readUTF());
        }
    };

    private static final class Open extends Handle {
        final int what;

        Open(long nodeid, int what) {
            super(nodeid);
            this.what = what;
        }

        @Override
        protected void dispose() {}
    }

    private static final HandleForm<Open> OPENS = new HandleForm<>() {
        @Override
        public void write(Open handle, DataOutput out) throws IOException {
            out.writeInt(handle.what);
        }

        @Override
        public Open read(long nodeid, DataInput in) throws IOException {
            return new Open(nodeid, in.readInt());
        }
    };

    @FunctionalInterface
    private interface Saving {
        void to(DataOutput out) throws IOException;
    }

    private static byte[] bytes(Saving saving) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        saving.to(new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    private static DataInput input(byte[] bytes) {
        return new DataInputStream(new ByteArrayInputStream(bytes));
    }

    private static Allowance allowance(long amount) {
        return new Budget(amount, 1, 0, "spent").open();
    }

    private static InodeTable nodes(Allowance memory) {
        return new InodeTable(memory, 1, WORDS.length);
    }

    private static long lookup(InodeTable table, long id, int bits) {
        long found = table.find(3, id, 0);
        Text text = new Text("node " + id);
        return found != 0
                ? found
                : table.insert(
                        InodeKind.of(3, bits, 0100644), id, 0, WORDS, id % 2 == 0 ? text : null, table.allocate());
    }

    private static InodeTable filled(long[] nodeids) {
        InodeTable table = nodes(allowance(Long.MAX_VALUE));
        table.root(3, 1_000_000, 0, 0040755);
        for (int i = 0; i < nodeids.length; i++) {
            nodeids[i] = lookup(table, i, i);
            lookup(table, i, i);
        }
        for (int i = 0; i < nodeids.length; i += 3) {
            assertThat(table.forget(nodeids[i], 2)).isTrue();
            table.recycle(InodeTable.slot(nodeids[i]));
        }
        table.detach(nodeids[1]);
        table.installTransientWord(nodeids[2], 0, 99);
        return table;
    }

    private static byte[] saved(InodeTable table) throws IOException {
        return bytes(out -> InodeTableForm.save(table, TEXTS, out));
    }

    @Test
    void nodesAreFoundByTheirOldNumbersAndOwedTheSameLookups() throws IOException {
        long[] nodeids = new long[5000];
        byte[] saved = saved(filled(nodeids));
        InodeTable table = nodes(allowance(Long.MAX_VALUE));
        InodeTableForm.restore(table, TEXTS, input(saved));
        assertThat(saved(table)).isEqualTo(saved);
        assertThat(table.isLive(1)).isTrue();
        assertThat(table.peek(3, 1_000_000, 0)).isEqualTo(1);
        for (int i = 0; i < nodeids.length; i++) {
            boolean gone = i % 3 == 0;
            assertThat(table.isLive(nodeids[i])).isEqualTo(!gone);
            assertThat(table.peek(3, i, 0)).isEqualTo(gone || i == 1 ? 0 : nodeids[i]);
            if (!gone) {
                int slot = InodeTable.slot(nodeids[i]);
                assertThat(InodeKind.bits(table.kind(slot))).isEqualTo(i);
                assertThat(table.type(slot)).isEqualTo(0100000);
                assertThat(table.lastingWord(slot, 1)).isEqualTo(8);
                assertThat(table.transientWord(slot, 0)).isZero();
                assertThat(table.aside(slot)).isEqualTo(i % 2 == 0 ? new Text("node " + i) : null);
                assertThat(table.forget(nodeids[i], 1)).isFalse();
                assertThat(table.forget(nodeids[i], 1)).isTrue();
            }
        }
        assertThat(table.size()).isZero();
    }

    @Test
    void aNodeNumberThatWasForgottenDoesNotComeAgain() throws IOException {
        long[] nodeids = new long[10];
        byte[] saved = saved(filled(nodeids));
        InodeTable table = nodes(allowance(Long.MAX_VALUE));
        InodeTableForm.restore(table, TEXTS, input(saved));
        for (int i = 0; i < 10; i++) {
            assertThat(nodeids).doesNotContain(lookup(table, 100 + i, 0));
        }
        assertThat(table.slotLimit()).as("free slots are used first").isLessThan(2 + 10 + 10);
    }

    @Test
    void noMoreNodesAreRestoredThanTheAllowanceLetsIn() throws IOException {
        byte[] saved = saved(filled(new long[5000]));
        assertThatThrownBy(() -> InodeTableForm.restore(nodes(allowance(100_000)), TEXTS, input(saved)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no room");
    }

    @Test
    void handlesAreFoundByTheirOldNumbers() throws IOException {
        HandleTable<Open> table = new HandleTable<>(allowance(5000));
        long[] numbers = new long[3000];
        for (int i = 0; i < numbers.length; i++) {
            assertThat(table.reserve()).isTrue();
            Open handle = new Open(i, 10 * i);
            table.add(handle);
            numbers[i] = handle.number();
        }
        for (int i = 0; i < numbers.length; i += 2) {
            assertThat(table.release(numbers[i], i)).isTrue();
        }
        byte[] saved = bytes(out -> table.save(OPENS, out));
        Allowance descriptors = allowance(5000);
        HandleTable<Open> restored = new HandleTable<>(descriptors);
        restored.restore(OPENS, input(saved));
        assertThat(bytes(out -> restored.save(OPENS, out))).isEqualTo(saved);
        assertThat(descriptors.taken()).isEqualTo(numbers.length / 2);
        for (int i = 0; i < numbers.length; i++) {
            Open handle = restored.enter(numbers[i], i);
            assertThat(handle == null).isEqualTo(i % 2 == 0);
            if (handle != null) {
                assertThat(handle.what).isEqualTo(10 * i);
                handle.leave();
            }
        }
        Open another = new Open(9, 9);
        restored.add(another);
        assertThat(numbers).doesNotContain(another.number());
        assertThat((int) another.number()).as("a free place is used first").isLessThan(numbers.length);

        assertThatThrownBy(() -> new HandleTable<Open>(allowance(100)).restore(OPENS, input(saved)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("handle");
    }

    @Test
    void aListingGoesOnWhereItWas() throws IOException {
        DirectoryListing listing = new DirectoryListing();
        for (int i = 0; i < 1000; i++) {
            listing.add(("entry-" + i).getBytes(UTF_8), i, 8);
        }
        byte[] saved = bytes(listing::save);
        DirectoryListing restored = new DirectoryListing();
        restored.restore(input(saved), ENTRIES_BYTES);
        assertThat(restored.size()).isEqualTo(1000);
        assertThat(new String(restored.name(999), UTF_8)).isEqualTo("entry-999");
        assertThat(restored.ino(3)).isEqualTo(3);
        assertThat(restored.type(3)).isEqualTo(8);
        assertThat(bytes(restored::save)).isEqualTo(saved);
        assertThatThrownBy(() -> restored.restore(input(saved), 1000)).isInstanceOf(IOException.class);
    }

    @Test
    void whatWasChangedOrCutIsRefusedOrHarmless() throws IOException {
        HandleTable<Open> handles = new HandleTable<>(allowance(100));
        for (int i = 0; i < 20; i++) {
            handles.reserve();
            handles.add(new Open(i, i));
        }
        byte[] savedNodes = saved(filled(new long[50]));
        byte[] savedHandles = bytes(out -> handles.save(OPENS, out));
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 2000; i++) {
            byte[] nodes = damaged(savedNodes, random);
            harmless(() -> {
                InodeTable table = nodes(allowance(1 << 20));
                InodeTableForm.restore(table, TEXTS, input(nodes));
                lookup(table, 77, 0);
            });
            byte[] open = damaged(savedHandles, random);
            harmless(() -> {
                HandleTable<Open> table = new HandleTable<>(allowance(50));
                table.restore(OPENS, input(open));
                table.add(new Open(1, 1));
            });
        }
    }

    private static byte[] damaged(byte[] saved, SplittableRandom random) {
        byte[] bytes = random.nextInt(4) == 0 ? Arrays.copyOf(saved, random.nextInt(saved.length)) : saved.clone();
        if (bytes.length > 0) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            bytes[random.nextInt(Math.min(bytes.length, 40))] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    @FunctionalInterface
    private interface Restoring {
        void run() throws IOException;
    }

    private static void harmless(Restoring restoring) {
        try {
            restoring.run();
        } catch (IOException refused) {
            assertThat(refused).isNotNull();
        }
    }
}
