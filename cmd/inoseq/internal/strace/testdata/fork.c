#include <sys/inotify.h>
#include <sys/wait.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>
#include <stdio.h>
#include <pthread.h>
static char buf[65536];
static void touch(const char *p){ close(open(p, O_CREAT|O_WRONLY, 0600)); }
static void *thread(void *arg){ int fd=*(int*)arg; int d=dup(fd); close(fd); read(d, buf, sizeof buf); return NULL; }
int main(void){
  mkdir("a",0700); mkdir("b",0700);
  int fd = inotify_init1(IN_CLOEXEC);
  inotify_add_watch(fd, "a", IN_CREATE);
  pid_t pid = fork();
  if (pid == 0) {
    touch("a/from-child");
    close(fd);                       /* its own copy */
    int own = inotify_init1(0);      /* the same number */
    inotify_add_watch(own, "b", IN_CREATE|IN_CLOSE_WRITE);
    touch("b/x");
    read(own, buf, sizeof buf);
    pid_t g = fork();
    if (g == 0) { touch("b/late"); execl("/bin/cat", "cat", "/dev/null", NULL); _exit(1);}
    waitpid(g, NULL, 0);
    read(own, buf, sizeof buf);
    _exit(0);
  }
  waitpid(pid, NULL, 0);
  read(fd, buf, sizeof buf);         /* from-child */
  touch("a/from-parent");
  pthread_t t; pthread_create(&t, NULL, thread, &fd); pthread_join(t, NULL);
  int again = inotify_init1(0);
  inotify_add_watch(again, "b", IN_DELETE);
  unlink("b/x"); read(again, buf, sizeof buf);
  return 0;
}
