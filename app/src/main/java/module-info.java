/** The command line. */
@org.jspecify.annotations.NullMarked
module dev.oriel.app {
    requires dev.oriel.linux;
    requires dev.oriel.socket;
    requires dev.oriel.virtio;
    requires dev.oriel.fuse;
    requires dev.oriel.vhostuser;
    requires dev.oriel.vfiouser;
    requires dev.oriel.filesystem;
    requires dev.oriel.device;
    requires dev.oriel.driver;
    requires dev.oriel.guests;
    requires dev.oriel.benchmarks;
    requires static transitive org.jspecify;
    requires info.picocli;
    requires com.fasterxml.jackson.jr.ob;
    requires org.jline.terminal;
    requires jdk.jfr;

    opens dev.oriel.app to
            info.picocli;
    opens dev.oriel.app.bench to
            info.picocli;
    opens dev.oriel.app.serve to
            info.picocli;
    opens dev.oriel.app.share to
            info.picocli;
    opens dev.oriel.app.tour to
            info.picocli;
    opens dev.oriel.app.watch to
            info.picocli;

    uses dev.oriel.filesystem.ShareProvider;
    uses java.nio.file.spi.FileSystemProvider;

    provides System.LoggerFinder with
            dev.oriel.app.log.LogFinder;
}
