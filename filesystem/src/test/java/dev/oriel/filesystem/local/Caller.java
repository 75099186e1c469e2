package dev.oriel.filesystem.local;

import dev.oriel.filesystem.Request;
import dev.oriel.linux.CString;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A request of the test's own making. */
public final class Caller implements Request {
    private final int uid;
    private final int gid;
    private final int supplementaryGid;
    private final boolean mayBlock;
    private boolean mayHaveHelp;
    private long unique = 1;
    private final List<MemorySegment> contextNames = new ArrayList<>();
    private final List<MemorySegment> contextValues = new ArrayList<>();

    private Caller(int uid, int gid, int supplementaryGid, boolean mayBlock) {
        this.uid = uid;
        this.gid = gid;
        this.supplementaryGid = supplementaryGid;
        this.mayBlock = mayBlock;
    }

    public static Caller root() {
        return new Caller(0, 0, -1, true);
    }

    public static Caller user(int uid, int gid) {
        return new Caller(uid, gid, -1, true);
    }

    public Caller alsoInGroup(int group) {
        return new Caller(uid, gid, group, mayBlock);
    }

    public Caller onQueueThread() {
        return new Caller(uid, gid, supplementaryGid, false);
    }

    public Caller withHelp() {
        mayHaveHelp = true;
        return this;
    }

    /** As the request of this number. */
    public Caller request(long number) {
        unique = number;
        return this;
    }

    public Caller withSecurityContext(String name, String value) {
        contextNames.add(CString.of(name, Arena.ofAuto()));
        MemorySegment bytes = CString.of(value, Arena.ofAuto());
        contextValues.add(bytes.asSlice(0, bytes.byteSize() - 1));
        return this;
    }

    @Override
    public long unique() {
        return unique;
    }

    @Override
    public int uid() {
        return uid;
    }

    @Override
    public int gid() {
        return gid;
    }

    @Override
    public int pid() {
        return 4711;
    }

    @Override
    public int supplementaryGid() {
        return supplementaryGid;
    }

    @Override
    public int securityContexts() {
        return contextNames.size();
    }

    @Override
    public MemorySegment securityContextName(int index) {
        return contextNames.get(index);
    }

    @Override
    public MemorySegment securityContextValue(int index) {
        return contextValues.get(index);
    }

    @Override
    public boolean mayBlock() {
        return mayBlock;
    }

    @Override
    public boolean mayHaveHelp() {
        return mayHaveHelp;
    }
}
