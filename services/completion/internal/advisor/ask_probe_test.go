package advisor
import ("testing";"os";"fmt";"context";"strings";"time"
"github.com/pawstream/pawstream/services/completion/internal/catalogue"
"github.com/pawstream/pawstream/services/completion/internal/chat")
// each line of $ASK: turns separated by " || "; assistant turns are generated
func TestAskProbe(t *testing.T){
 c,err:=catalogue.Load(); if err!=nil{t.Fatal(err)}
 a,err:=New(Config{Catalogue:c}); if err!=nil{t.Fatal(err)}
 model:=os.Getenv("MODEL"); if model==""{model=ModelAdvisor}
 data,_:=os.ReadFile(os.Getenv("ASK"))
 for _,l:=range strings.Split(strings.TrimSpace(string(data)),"\n"){
  var ms []chat.Message
  for _,q:=range strings.Split(l," || "){
   ms=append(ms,chat.Message{Role:chat.RoleUser,Parts:[]chat.Part{{Kind:chat.PartText,Text:q}}})
   s:=time.Now()
   req:=&chat.Request{Model:model,Messages:ms}
   tk:=a.listen(req.Messages); ks:=tk.plan(len(tk.moments)-1)
   ans,err:=a.answer(context.Background(),tk,voiceOf(req,0)); if err!=nil{t.Fatal(err)}
   fmt.Printf("\n=== USER: %s\n",q); for _,k:=range ks{fmt.Printf("    [%s %s sp=%v attrs=%v topics=%v more=%v]",k.kind,k.value,k.species,k.attrs,k.topics,k.more)}; 
   p:=tk.moments[len(tk.moments)-1].profile; fmt.Printf(" %v words=%d\n    {%s}\n",time.Since(s),len(strings.Fields(ans)),p.summary())
   fmt.Println(ans)
   ms=append(ms,chat.Message{Role:chat.RoleAssistant,Parts:[]chat.Part{{Kind:chat.PartText,Text:ans}}})
  }
 }
}
