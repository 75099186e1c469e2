package dev.oriel.filesystem.node;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * The form in which a {@link InodeTable} is saved, big-endian. What the client knows by nodeid it knows by the same
 * nodeid after the table was restored, and no nodeid comes again. Transient words are 0 then.
 *
 * <pre>
 *   u32 "ONOD" | u32 version 1 | u32 lasting words | u32 end of the slots
 *   for each slot from 1 on:
 *     u32 generation | u32 count
 *     if count is not 0: u64 id | u64 version | u64 kind | u64 for each lasting word | u8 aside? | aside
 * </pre>
 *
 * <p>Nobody uses the table meanwhile.
 */
public final class InodeTableForm {
    private static final int MAGIC = 0x4f4e_4f44;
    private static final int VERSION = 1;

    private InodeTableForm() {}

    /** How the owner of a table writes and reads what it holds beside records. */
    public interface AsideForm {
        /** Writes one. */
        void write(Aside aside, DataOutput out) throws IOException;

        /**
         * Reads one, and believes no length in it.
         *
         * @throws IOException if it is none
         */
        Aside read(DataInput in) throws IOException;
    }

    /** Writes a table. */
    public static void save(InodeTable table, AsideForm asides, DataOutput out) throws IOException {
        InodeRecords records = table.records();
        int limit = records.limit();
        out.writeInt(MAGIC);
        out.writeInt(VERSION);
        out.writeInt(table.lastingWords);
        out.writeInt(limit);
        for (int slot = InodeRecords.FIRST_SLOT; slot < limit; slot++) {
            long[] chunk = records.chunk(slot);
            int at = records.at(slot);
            long state = chunk[at + InodeTable.STATE];
            out.writeLong(state);
            if ((state & InodeTable.COUNT_MASK) == 0) {
                continue;
            }
            out.writeLong(chunk[at + InodeTable.ID]);
            out.writeLong(chunk[at + InodeTable.VERSION]);
            out.writeLong(chunk[at + InodeTable.KIND]);
            for (int i = 0; i < table.lastingWords; i++) {
                out.writeLong(table.lastingWord(slot, i));
            }
            Aside aside = table.aside(slot);
            out.writeBoolean(aside != null);
            if (aside != null) {
                asides.write(aside, out);
            }
        }
    }

    /**
     * Reads into a table that is new, and has no root.
     *
     * @throws IOException if what is read is no table with as many lasting words, or has more nodes than the allowance
     *     lets in
     */
    public static void restore(InodeTable table, AsideForm asides, DataInput in) throws IOException {
        require(in.readInt() == MAGIC, "this is no table of nodes");
        int version = in.readInt();
        require(version == VERSION, "the table of nodes has version " + version + ", and only 1 is known");
        require(in.readInt() == table.lastingWords, "the table of nodes is that of another file system");
        int limit = in.readInt();
        require(limit > InodeTable.ROOT_SLOT && limit <= InodeRecords.MAX_SLOTS, "the table of nodes has no end");
        InodeRecords records = table.records();
        for (int slot = InodeRecords.FIRST_SLOT; slot < limit; slot++) {
            long state = in.readLong();
            boolean root = slot == InodeTable.ROOT_SLOT;
            require(!root || state == InodeTable.SATURATED, "the table of nodes has no root");
            require(root || records.allocate() == slot, "there is no room for the nodes of the table");
            records.chunk(slot)[records.at(slot) + InodeTable.STATE] = state;
            if ((state & InodeTable.COUNT_MASK) != 0) {
                read(table, asides, in, slot);
            }
        }
        // From the last on: the first of them are taken first.
        for (int slot = limit - 1; slot > InodeTable.ROOT_SLOT; slot--) {
            if ((records.chunk(slot)[records.at(slot) + InodeTable.STATE] & InodeTable.COUNT_MASK) == 0) {
                records.recycle(slot);
            }
        }
    }

    private static void read(InodeTable table, AsideForm asides, DataInput in, int slot) throws IOException {
        long[] chunk = table.records().chunk(slot);
        int at = table.records().at(slot);
        chunk[at + InodeTable.ID] = in.readLong();
        chunk[at + InodeTable.VERSION] = in.readLong();
        chunk[at + InodeTable.KIND] = in.readLong();
        int lasting = at + InodeTable.WORDS + table.transientWords;
        for (int i = 0; i < table.lastingWords; i++) {
            chunk[lasting + i] = in.readLong();
        }
        if (in.readBoolean()) {
            Aside aside = asides.read(in);
            require(table.memory.take(aside.heapBytes()), "there is no room for the names of the table of nodes");
            table.records().exchangeAside(slot, aside);
        }
        table.restored(slot);
    }

    private static void require(boolean condition, String otherwise) throws IOException {
        if (!condition) {
            throw new IOException(otherwise);
        }
    }
}
